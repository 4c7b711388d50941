// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates on their way through caches: from one Thimble to another, from a PCCS, to a PCCS, and to Intel's tool
// for servers without a way to Intel.
#include <gtest/gtest.h>

#include "tcb/collateral.h"
#include "tests/service/testing/pccs_world.h"
#include "tests/support/sim_pccs.h"

namespace thimble {
namespace {

using namespace test;
using sim::SimPccs;
using sim::Tcb;

std::string ByProof(const std::string& ppid = Ppid()) {
  return StrCat(kV4, "/pckcerts?encrypted_ppid=", ppid, "&pceid=0000");
}
std::string UrlOf(const PccsWorld& w) { return StrCat("http://127.0.0.1:", w.port(), kV4, "/"); }
std::string OtherPpid() { return sim::EncryptedPpid(sim::ServerPlatform(), 1); }
std::string Leaf(const PccsWorld& w, Tcb tcb = Tcb::kGood) {
  return sim::ToPem(w.intel.PckCertificate(sim::ServerPlatform(tcb)), "CERTIFICATE");
}
std::string Manifest() {
  return StrCat(R"({"platformManifest":")", sim::PlatformManifest(sim::ServerPlatform()),
                R"(","pceid":"0000"})");
}

// ---- pckcerts, as the PCS has it ----

TEST(PckCertsByProof, AreFetchedAndSentAsThePcsSendsThem) {
  PccsWorld w;
  w.Start();
  const RawAnswer answer = w.Ask(ByProof());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.Header("Content-Type"), "application/json");
  EXPECT_EQ(answer.Header("SGX-FMSPC"), sim::kServerFmspc);
  EXPECT_EQ(answer.Header("SGX-PCK-Certificate-CA-Type"), "platform");
  EXPECT_TRUE(answer.Header("Request-ID"));
  const auto chain = PercentDecode(answer.Header("SGX-PCK-Certificate-Issuer-Chain").value_or(""));
  ASSERT_TRUE(chain);
  const CollateralKey key = PckCertsKey{*intel::PlatformId::From(kQeId, *intel::PceId::FromHex("0000"))};
  EXPECT_TRUE(
      AuthenticateItem(key, {Bytes(answer.body.begin(), answer.body.end()), *chain}, w.intel.Anchors()).ok());
  EXPECT_EQ(w.Ask(ByProof()).body, answer.body);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u);
  EXPECT_EQ(w.Ask(ByProof(OtherPpid())).status, 200) << "another text of the same PPID is another look-up";
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 2u);
}

TEST(PckCertsByProof, AreThoseOfTheRegisteredPlatformInEveryMode) {
  for (const CachingMode mode : {CachingMode::kLazy, CachingMode::kRequest}) {
    for (const bool first_asked : {false, true}) {
      PccsWorld w(mode);
      w.Start();
      if (first_asked) {
        w.vendor.SetMode("503", "/pckcerts");
        EXPECT_NE(w.Ask(ByProof()).status, 200) << "and the index is there before the registration";
        w.vendor.SetMode("ok", "/pckcerts");
      }
      ASSERT_EQ(w.Register(ByPpid()).status, 200);
      const uint64_t before = w.vendor.Count("/pckcerts");
      w.vendor.SetMode("503", "/pckcerts");
      EXPECT_EQ(w.Ask(ByProof()).status, 200);
      EXPECT_EQ(w.vendor.Count("/pckcerts"), before) << "what is held is enough";
      EXPECT_NE(w.Ask(ByProof(OtherPpid())).status, 200);
    }
  }
}

TEST(PckCertsByProof, AManifestIsAProofToo) {
  PccsWorld w;
  w.Start();
  const auto post = [&](std::string_view body) { return w.Send("POST", StrCat(kV4, "/pckcerts"), "", body); };
  const RawAnswer answer = post(Manifest());
  ASSERT_EQ(answer.status, 200) << answer.body;
  EXPECT_EQ(answer.body, w.Ask(ByProof()).body);
  ASSERT_EQ(w.Register(ByManifest()).status, 200);
  w.vendor.SetMode("503", "/pckcerts");
  EXPECT_EQ(post(Manifest()).body, answer.body);
  for (const std::string& wrong : {std::string("{}"), std::string("[]"), std::string("no JSON"),
                                   Manifest().replace(Manifest().find("0000\"}"), 4, "000g"),
                                   std::string(R"({"platformManifest":"00","pceid":"0000"})")}) {
    EXPECT_EQ(post(wrong).status, 400) << wrong.substr(0, 50);
  }
}

// A registration says more than Intel was shown: by that nobody is found.
TEST(PckCertsByProof, APpidThatIntelWasNotShownFindsNobody) {
  PccsWorld w(CachingMode::kRequest);
  w.Start();
  auto both = ByManifest();
  both["enc_ppid"] = Ppid();
  both["cpu_svn"] = TcbOf(Tcb::kGood).CpuSvnHexUpper();
  both["pce_svn"] = TcbOf(Tcb::kGood).PceSvnHexUpper();
  ASSERT_EQ(w.Register(both).status, 200);
  EXPECT_EQ(w.Send("POST", StrCat(kV4, "/pckcerts"), "", Manifest()).status, 200);
  EXPECT_EQ(w.Ask(ByProof()).status, 404);
}

TEST(PckCertsByProof, WhatIsMissingIs404InEveryMode) {
  for (const CachingMode mode : {CachingMode::kLazy, CachingMode::kRequest, CachingMode::kOffline}) {
    PccsWorld w(mode);
    w.Start();
    const RawAnswer unknown = w.Ask(ByProof(std::string(768, 'A')));
    EXPECT_EQ(unknown.status, 404);
    EXPECT_EQ(unknown.Header("X-Thimble-Cause"),
              mode == CachingMode::kLazy ? "upstream.not_found" : "pck.not_registered");
    EXPECT_EQ(w.Ask(ByProof(Zeros())).Header("X-Thimble-Cause"), "pck.not_registered");
    EXPECT_EQ(w.Ask(StrCat(kV4, "/pckcerts?pceid=0000")).status, 400);
    EXPECT_EQ(w.Ask(ByProof("ab")).status, 400);
    EXPECT_EQ(w.Ask(StrCat(kV4, "/pckcerts?encrypted_ppid=", Ppid())).status, 400);
  }
}

// ---- Thimble <- Thimble ----

TEST(PckBetweenCaches, AThimbleGetsAllOfAThimbles) {
  PccsWorld upper, lower;
  upper.Start();
  lower.config.intel_upstreams = {{.url = UrlOf(upper)}};
  lower.Start();
  EXPECT_EQ(lower.Ask(PckCertTarget()).body, Leaf(lower));
  EXPECT_EQ(lower.Ask(PckCertTarget(Tcb::kOutOfDate)).body, Leaf(lower, Tcb::kOutOfDate)) << "of one set";
  EXPECT_EQ(lower.Register(ByPpid()).status, 200);
  EXPECT_EQ(lower.vendor.Count(), 0u);
  EXPECT_EQ(upper.vendor.Count("/pckcerts"), 1u);
}

// Encryption is random: the upper one was told of the platform by another text of its PPID, and may ask nobody.
TEST(PckBetweenCaches, AThimbleThatMayNotFetchIsAskedByTheQeId) {
  PccsWorld upper(CachingMode::kRequest), lower;
  upper.Start();
  ASSERT_EQ(upper.Register(ByPpid()).status, 200);
  upper.vendor.SetMode("503", "/pckcerts");
  lower.config.intel_upstreams = {{.url = UrlOf(upper)}};
  lower.Start();
  const RawAnswer answer = lower.Ask(PckCertTarget(Tcb::kGood, OtherPpid()));
  EXPECT_EQ(answer.status, 200) << answer.Header("X-Thimble-Cause").value_or("");
  EXPECT_EQ(answer.body, Leaf(lower));
}

// ---- Thimble <- PCCS ----

class BehindAPccs : public testing::Test {
 protected:
  BehindAPccs() : pccs_(w_.vendor.PcsUrl()) {
    w_.config.intel_upstreams = {{.url = pccs_.Url()}};
    w_.Start();
  }
  PccsWorld w_;
  SimPccs pccs_;
};

TEST_F(BehindAPccs, ALazyOneIsAskedByTheQeIdSinceItHasNoPckCerts) {
  const RawAnswer answer = w_.Ask(PckCertTarget());
  EXPECT_EQ(answer.status, 200) << answer.Header("X-Thimble-Cause").value_or("");
  EXPECT_EQ(answer.body, Leaf(w_));
  EXPECT_EQ(answer.Header("SGX-TCBm"), TcbOf(Tcb::kGood).HexUpper());
  EXPECT_EQ(answer.Header("SGX-FMSPC"), sim::kServerFmspc);
  EXPECT_EQ(answer.Header("SGX-PCK-Certificate-CA-Type"), "PLATFORM");
  EXPECT_EQ(PercentDecode(answer.Header("SGX-PCK-Certificate-Issuer-Chain").value_or("")),
            w_.intel.CaChain(intel::PckCa::kPlatform));
  const auto asked = pccs_.Asked();
  ASSERT_GE(asked.size(), 2u);
  EXPECT_EQ(asked[0], StrCat(kV4, "/pckcerts?pceid=0000"));
  EXPECT_TRUE(asked[1].starts_with(StrCat(kV4, "/pckcert?qeid=", kQeId))) << asked[1];
  EXPECT_EQ(w_.Register(ByPpid()).status, 200) << "what it gives is a registration's, too";
  EXPECT_EQ(w_.Ask(PckCertTarget(Tcb::kGood, "")).body, Leaf(w_));
}

TEST_F(BehindAPccs, AnOfflineOneGivesWhatItHolds) {
  ASSERT_EQ(w_.Ask(PckCertTarget()).status, 200);  // now it holds the platform, and its TCB info
  pccs_.SetMode(SimPccs::Mode::kOffline);
  w_.Stop();
  w_.Start();
  EXPECT_EQ(w_.Ask(PckCertTarget(Tcb::kGood, OtherPpid())).body, Leaf(w_));
  EXPECT_EQ(w_.Register(ByManifest()).status, 404) << "it is asked for a TCB, and none is named";
}

TEST_F(BehindAPccs, WhatItDoesNotHoldIsNotFound) {
  const RawAnswer lazy = w_.Ask(PckCertTarget(Tcb::kGood, std::string(768, 'A')));
  EXPECT_EQ(lazy.status, 404);
  EXPECT_EQ(lazy.Header("X-Thimble-Cause"), "upstream.not_found");
  pccs_.SetMode(SimPccs::Mode::kOffline);
  EXPECT_EQ(w_.Ask(PckCertTarget(Tcb::kGood, std::string(768, 'B'))).Header("X-Thimble-Cause"),
            "upstream.not_found");
  EXPECT_EQ(w_.Ask(ByProof()).Header("X-Thimble-Cause"), "upstream.not_found") << "it knows QE ids alone";
}

// ---- PCCS <- Thimble ----

TEST(PckBetweenCaches, APccsFillsItselfFromThimble) {
  PccsWorld w;
  w.Start();
  SimPccs pccs(UrlOf(w));
  PccsWorld client;  // asks the PCCS as QCNL does, by way of nothing but its own socket
  client.config.intel_upstreams = {{.url = pccs.Url()}};
  client.Start();
  EXPECT_EQ(client.Ask(PckCertTarget()).body, Leaf(w));
  EXPECT_EQ(pccs.Complaint(), "");
  EXPECT_EQ(client.vendor.Count(), 0u);

  // An OFFLINE Thimble, of which the platform was registered before.
  PccsWorld offline(CachingMode::kRequest);
  offline.Start();
  ASSERT_EQ(offline.Register(ByPpid()).status, 200);
  offline.vendor.SetMode("503", "/pckcerts");
  SimPccs from_held(UrlOf(offline));
  PccsWorld another;
  another.config.intel_upstreams = {{.url = from_held.Url()}};
  another.Start();
  EXPECT_EQ(another.Ask(PckCertTarget()).body, Leaf(w));
  EXPECT_EQ(from_held.Complaint(), "");
}

}  // namespace
}  // namespace thimble
