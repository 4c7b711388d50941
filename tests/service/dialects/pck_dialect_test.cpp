// SPDX-License-Identifier: Apache-2.0
//
// `pckcert` and `pckcerts`, as bytes on the wire.
#include <gtest/gtest.h>

#include <future>

#include "tests/service/testing/pccs_world.h"
#include "tests/support/sim_pki.h"

namespace thimble {
namespace {

using namespace test;
using sim::Tcb;

std::string Leaf(const PccsWorld& w, Tcb tcb) {
  return sim::ToPem(w.intel.PckCertificate(sim::ServerPlatform(tcb)), "CERTIFICATE");
}

void ExpectRefusal(const RawAnswer& answer, int status, std::string_view body, std::string_view cause) {
  EXPECT_EQ(answer.status, status);
  EXPECT_EQ(answer.body, body);
  EXPECT_EQ(answer.Header("X-Thimble-Cause"), cause);
  EXPECT_TRUE(answer.Header("Request-ID"));
}
constexpr std::string_view kNoData = "No cache data for this platform.", kBad = "Invalid request parameters.",
                           kUnknown = "The platform was not found in the cache.";

TEST(PckCert, IsChosenForTheTcbAndSentAsIntelsClientReadsIt) {
  PccsWorld w;
  w.Start();
  const RawAnswer answer = w.Ask(PckCertTarget());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.body, Leaf(w, Tcb::kGood));
  EXPECT_EQ(answer.Header("Content-Type"), "application/x-pem-file");
  EXPECT_EQ(answer.Header("SGX-TCBm"), TcbOf(Tcb::kGood).HexUpper());
  EXPECT_EQ(answer.Header("SGX-FMSPC"), sim::kServerFmspc);
  EXPECT_EQ(answer.Header("SGX-PCK-Certificate-CA-Type"), "PLATFORM");
  EXPECT_EQ(PercentDecode(answer.Header("SGX-PCK-Certificate-Issuer-Chain").value_or("")),
            w.intel.CaChain(intel::PckCa::kPlatform));
  EXPECT_TRUE(answer.Header("Cache-Control"));

  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kNewest)).body, Leaf(w, Tcb::kGood)) << "the newest has none yet";
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kOutOfDate)).body, Leaf(w, Tcb::kOutOfDate));
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u) << "one set for all TCBs";
}

TEST(PckCert, IsTheSamePlatformInEitherLetterCaseAndWithoutPpidOnceItIsRegistered) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Ask(PckCertTarget()).status, 200);
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, "")).status, 400) << "looked up is not registered";
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, Zeros())).status, 404);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u);
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  w.vendor.SetMode("503", "/pckcerts");
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, "", "0f0e0d0c0b0a09080706050403020100")).status, 200);
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, Zeros())).status, 200)
      << "the client sends zeros when it cannot tell";
}

TEST(PckCert, EachTcbHasItsOwnTag) {
  PccsWorld w;
  w.Start();
  const auto good = w.Ask(PckCertTarget()).Header("ETag"),
             old = w.Ask(PckCertTarget(Tcb::kOutOfDate)).Header("ETag");
  EXPECT_NE(good, old);
  EXPECT_EQ(w.Ask(PckCertTarget(), StrCat("If-None-Match: ", *good, "\r\n")).status, 304);
}

TEST(PckCert, WrongParametersAreRefusedBeforeAnybodyIsAsked) {
  PccsWorld w;
  w.Start();
  const std::string good = PckCertTarget();
  const auto replaced = [&](std::string_view what, std::string_view by) {
    std::string target = good;
    return w.Ask(target.replace(target.find(what), what.size(), by));
  };
  for (const auto& [what, by] : std::vector<std::pair<std::string, std::string>>{
           {StrCat("qeid=", kQeId), "qeid="},
           {StrCat("qeid=", kQeId), StrCat("qeid=", std::string(261, 'a'))},
           {"&pceid=0000", ""},
           {"&pceid=0000", "&pceid=000"},
           {"&pceid=0000", "&pceid=000g"},
           {"&pcesvn=", "&pcesvn=0"},
           {"&cpusvn=", "&cpusvn=00"},
           {"&cpusvn=", "&other="},
           {StrCat("&encrypted_ppid=", Ppid()), "&encrypted_ppid="},
           {StrCat("&encrypted_ppid=", Ppid()), StrCat("&encrypted_ppid=", Ppid(), "0")}}) {
    ExpectRefusal(replaced(what, by), 400, kBad, "request.invalid");
  }
  EXPECT_EQ(w.vendor.Count(), 0u);
  EXPECT_EQ(w.Ask(good).status, 200);
}

// A site may have Intel's client send what its own service wants.
TEST(PckCert, TakesParametersThatItDoesNotKnowAndNamesThem) {
  PccsWorld w;
  w.Start();
  const RawAnswer answer = w.Ask(StrCat(PckCertTarget(), "&param1=value1&a%0Ab=2"));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("X-Thimble-Ignored"), "param1, a%0Ab");
  EXPECT_EQ(answer.body, w.Ask(PckCertTarget()).body);
  EXPECT_FALSE(w.Ask(PckCertTarget()).Header("X-Thimble-Ignored"));
  EXPECT_NE(w.Ask("/metrics").body.find("\nthimble_requests_with_ignored_parameters_total 1\n"),
            std::string::npos);
  const std::string all = StrCat(kV4, "/pckcerts?qeid=", kQeId, "&pceid=0000&encrypted_ppid=", Ppid());
  EXPECT_EQ(w.Ask(all).status, 200);
  ExpectRefusal(w.Ask(StrCat(all, "&param1=value1")), 400, kBad, "request.invalid");
}

TEST(PckCert, SaysWhyThereIsNone) {
  PccsWorld w;
  w.Start();
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kGood, "")), 400, kBad, "request.invalid");
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kGood, Zeros())), 404, kNoData, "pck.not_registered");
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 0u);
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kGood, std::string(768, 'A'), "UNKNOWN")), 404, kNoData,
                "upstream.not_found");
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kUnsupported)), 404, kNoData, "pck.no_cert_for_tcb");
  w.vendor.SetMode("401", "/pckcerts");
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kGood, Ppid(), "KEY")), 404, kNoData, "upstream.key");
  w.vendor.SetMode("400", "/pckcerts");
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kGood, Ppid(), "REFUSED")), 404, kNoData, "request.invalid");
  w.vendor.SetMode("503", "/pckcerts");
  ExpectRefusal(w.Ask(PckCertTarget(Tcb::kGood, Ppid(), "DOWN")), 503, "", "upstream.status");
}

TEST(PckCert, WhatIsNotThePlatformsOwnIsNotKept) {
  PccsWorld w;
  w.Start();
  w.vendor.SetMode("html", "/pckcerts");
  EXPECT_EQ(w.Ask(PckCertTarget()).status, 503);
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kGood, "")).status, 400) << "nothing was remembered of it either";
}

TEST(PckCert, ConcurrentMissesMakeOneCall) {
  PccsWorld w;
  w.Start();
  w.vendor.SetMode("delay:300", "/pckcerts");
  std::vector<std::future<int>> statuses;
  for (int i = 0; i < 20; ++i) {
    statuses.push_back(std::async(std::launch::async, [&] { return w.Ask(PckCertTarget()).status; }));
  }
  for (auto& status : statuses) EXPECT_EQ(status.get(), 200);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u);
}

TEST(PckCert, ANewTcbOfAPlatformIsLookedUpOnceInMaxAge) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Ask(PckCertTarget()).status, 200);
  EXPECT_EQ(w.Ask(PckCertTarget(Tcb::kOutOfDate)).status, 200);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u) << "the set is fresh";
}

TEST(PckCert, OtherModesDoNotFetch) {
  for (const CachingMode mode : {CachingMode::kRequest, CachingMode::kOffline}) {
    PccsWorld w(mode);
    w.Start();
    ExpectRefusal(w.Ask(PckCertTarget()), 461, kUnknown, "pck.not_registered");
    EXPECT_EQ(w.vendor.Count(), 0u);
  }
  PccsWorld w(CachingMode::kOffline);
  w.Start();
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  ExpectRefusal(w.Ask(PckCertTarget()), 461, kUnknown, "mode.forbids_fetch");
  EXPECT_EQ(w.vendor.Count(), 0u);
}

TEST(Collateral, OtherModesDoNotFetch) {
  for (const CachingMode mode : {CachingMode::kRequest, CachingMode::kOffline}) {
    PccsWorld w(mode);
    w.Start();
    for (const char* const path :
         {"/tcb?fmspc=00806F050000", "/qe/identity", "/pckcrl?ca=platform", "/rootcacrl"}) {
      ExpectRefusal(w.Ask(StrCat(kV4, path)), 404, kNoData, "mode.forbids_fetch");
    }
    EXPECT_EQ(w.vendor.Count(), 0u);
  }
}

TEST(PckCert, InAzuresForm) {
  PccsWorld w;
  w.Start();
  const RawAnswer answer =
      w.Ask(StrCat(PckCertTarget(), "&clientid=production_client&api-version=2021-07-22-preview"));
  EXPECT_EQ(answer.status, 200);
  const auto body = nlohmann::json::parse(answer.body);
  EXPECT_EQ(body.at("pckCert"), Leaf(w, Tcb::kGood));
  EXPECT_EQ(body.at("sgx-Tcbm"), TcbOf(Tcb::kGood).HexUpper());
  EXPECT_EQ(PercentDecode(body.at("sgx-Pck-Certificate-Issuer-Chain").get<std::string>()),
            w.intel.CaChain(intel::PckCa::kPlatform));
  EXPECT_EQ(body.at("cacheMaxAge"), 86400);
  EXPECT_TRUE(answer.Header("Cache-Control"));
}

TEST(PckCerts, AreAllOfAPlatform) {
  PccsWorld w;
  w.Start();
  const std::string target = StrCat(kV4, "/pckcerts?qeid=", kQeId, "&pceid=0000");
  ExpectRefusal(w.Ask(target), 400, kBad, "request.invalid");
  const RawAnswer answer = w.Ask(StrCat(target, "&encrypted_ppid=", Ppid()));
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Content-Type"), "application/json") << "as the PCS sends it, letter for letter";
  EXPECT_EQ(answer.Header("SGX-FMSPC"), sim::kServerFmspc);
  EXPECT_EQ(answer.Header("SGX-PCK-Certificate-CA-Type"), "PLATFORM");
  EXPECT_TRUE(answer.Header("SGX-PCK-Certificate-Issuer-Chain"));
  const auto list = nlohmann::json::parse(answer.body);
  ASSERT_EQ(list.size(), 4u);
  EXPECT_EQ(list[0].at("cert"), "Not available");
  EXPECT_EQ(list[1].at("tcbm"), TcbOf(Tcb::kGood).HexUpper());
  ExpectRefusal(w.Ask(target), 400, kBad, "request.invalid");
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_EQ(w.Ask(target).body, answer.body);
}

TEST(Version3, AnswersFromVersion4WithAWarning) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  const auto v3 = [&](std::string target) { return w.Ask(target.replace(target.find("/v4/"), 4, "/v3/")); };
  for (const std::string& target :
       {PckCertTarget(), StrCat(kV4, "/pckcerts?qeid=", kQeId, "&pceid=0000"),
        StrCat(kV4, "/pckcrl?ca=platform"), StrCat(kV4, "/qe/identity?update=standard"),
        StrCat(kV4, "/qve/identity"), StrCat(kV4, "/rootcacrl")}) {
    const RawAnswer answer = v3(target);
    EXPECT_EQ(answer.status, 200) << target;
    EXPECT_TRUE(answer.Header("Warning").value_or("").starts_with("299 - \"PCS API version 3")) << target;
    EXPECT_EQ(answer.body, w.Ask(target).body) << target;
    EXPECT_FALSE(w.Ask(target).Header("Warning"));
  }
  const RawAnswer tcb = v3(StrCat(kV4, "/tcb?fmspc=00806F050000"));
  EXPECT_EQ(tcb.status, 410);
  EXPECT_EQ(tcb.body,
            "The Intel PCS API version 3 reached planned EOL. Accordingly, collateral from this API version "
            "cannot be "
            "retrieved any longer.");
  for (const RawAnswer& answer : {tcb, v3(StrCat(kV4, "/pckcrl?ca=other")), v3(StrCat(kV4, "/nothing"))}) {
    EXPECT_TRUE(answer.Header("Warning"));
  }
  EXPECT_EQ(w.Ask("/tdx/certification/v3/tcb?fmspc=00806F050000").status, 404);
}

}  // namespace
}  // namespace thimble
