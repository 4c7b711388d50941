// SPDX-License-Identifier: Apache-2.0
//
// Uploads, refreshes and appraisal policies.
#include <gtest/gtest.h>

#include "tests/service/testing/pccs_world.h"
#include "tests/service/testing/sim_bundle.h"

namespace thimble {
namespace {

using namespace test;
using nlohmann::json;

constexpr const char* kAdmin = "admin-token: admin secret\r\n";
constexpr const char* kIntegrity = "The integrity of the data can't be verified.";

struct UploadWorld : PccsWorld {
  explicit UploadWorld(CachingMode mode = CachingMode::kOffline) : PccsWorld(mode) { Start(); }
  RawAnswer Put(const Bundle& bundle, std::string_view version = "v4") {
    return Send("PUT", StrCat("/sgx/certification/", version, "/platformcollateral"), kAdmin, bundle.dump(2));
  }
  RawAnswer TcbInfo(std::string_view tee = "sgx") {
    return Ask(StrCat("/", tee, "/certification/v4/tcb?fmspc=", sim::kServerFmspc));
  }
};

TEST(Upload, BringsAllThatAnOfflineServerNeeds) {
  UploadWorld w;
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  const RawAnswer answer = w.Put(BundleOf(w.intel, kQeId));
  EXPECT_EQ(answer.status, 200) << answer.Header("X-Thimble-Refused").value_or("");
  EXPECT_EQ(answer.body, "Operation successful.");
  EXPECT_FALSE(answer.Header("X-Thimble-Refused"));

  EXPECT_EQ(w.Ask(PckCertTarget(sim::Tcb::kGood, "")).status, 200);
  EXPECT_EQ(w.TcbInfo().body, AsText(w.intel.TcbInfo(IntelTee::kSgx)))
      << "white space of the bundle is not in it";
  for (const char* const target :
       {"/tdx/certification/v4/tcb?fmspc=00806F050000", "/sgx/certification/v4/qe/identity",
        "/tdx/certification/v4/qe/identity", "/sgx/certification/v4/qve/identity",
        "/sgx/certification/v4/pckcrl?ca=platform", "/sgx/certification/v4/pckcrl?ca=processor",
        "/sgx/certification/v4/rootcacrl"}) {
    EXPECT_EQ(w.Ask(target).status, 200) << target;
  }
  EXPECT_TRUE(w.Queue().empty()) << "nobody waits any longer";
  EXPECT_EQ(w.Queue("[00806F050000]").size(), 1u) << "it is known with the TCB it has";
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  EXPECT_TRUE(w.Queue().empty()) << "what is registered again has its certificate";
  EXPECT_EQ(w.vendor.Count(), 0u);
}

TEST(Upload, NeedsTheAdministrator) {
  UploadWorld w;
  const std::string path = StrCat(kV4, "/platformcollateral"), body = BundleOf(w.intel, kQeId).dump();
  for (const char* const headers : {"", "admin-token: user secret\r\n", "user-token: user secret\r\n"}) {
    EXPECT_EQ(w.Send("PUT", path, headers, body).status, 401);
  }
  EXPECT_EQ(w.TcbInfo().status, 404);
  EXPECT_EQ(w.Send("PUT", path, kAdmin, body).status, 200);
}

// The body may be as large as the key says, however it comes, and nobody else's may be larger than any.
TEST(Upload, IsAsLargeAsTheKeySays) {
  UploadWorld w;
  const std::string path = StrCat(kV4, "/platformcollateral");
  std::string body = BundleOf(w.intel, kQeId).dump();
  body += std::string((3u << 20) - body.size(), ' ');
  EXPECT_EQ(w.Send("PUT", path, kAdmin, body).status, 200) << "3 MiB, which no other body may have";
  EXPECT_EQ(w.Send("PUT", StrCat(kV4, "/appraisalpolicy"), kAdmin, body).status, 413);
  EXPECT_EQ(w.Send("PUT", path, "", body).status, 401) << "a stranger's is not read";
}

TEST(Upload, OverTheLimitIsRefusedByTheNameOfTheKey) {
  PccsWorld w(CachingMode::kOffline);
  w.config.pccs.max_upload = 256u << 10;
  w.Start();
  const std::string path = StrCat(kV4, "/platformcollateral");
  std::string body = BundleOf(w.intel, kQeId).dump();
  ASSERT_LT(body.size(), w.config.pccs.max_upload);
  body += std::string(w.config.pccs.max_upload - body.size(), ' ');
  EXPECT_EQ(w.Send("PUT", path, kAdmin, body).status, 200);
  const RawAnswer refused = w.Send("PUT", path, kAdmin, body + " ");
  EXPECT_EQ(refused.status, 413);
  EXPECT_NE(refused.body.find("[pccs] max_upload"), std::string::npos) << refused.body;
  RawConnection chunked(w.port());
  chunked.Send(StrCat("PUT ", path, " HTTP/1.1\r\nHost: a\r\n", kAdmin,
                      "Transfer-Encoding: chunked\r\n\r\n40001\r\n"));
  EXPECT_EQ(chunked.Receive().status, 413);
}

TEST(Upload, WhatDoesNotHoldIsRefusedAndTheRestIsKept) {
  UploadWorld w;
  Bundle bundle = BundleOf(w.intel, kQeId);
  bundle["collaterals"]["tcbinfos"][0]["sgx_tcbinfo"]["tcbInfo"]["tcbEvaluationDataNumber"] = 18;
  const RawAnswer answer = w.Put(bundle);
  EXPECT_EQ(answer.status, 460);
  EXPECT_EQ(answer.body, kIntegrity);
  EXPECT_EQ(answer.Header("X-Thimble-Cause"), "tcb_info.signature");
  EXPECT_EQ(answer.Header("X-Thimble-Refused"), "tcb_info.signature intel/tcb/sgx/00806f050000/standard");
  EXPECT_EQ(w.TcbInfo("sgx").status, 404);
  EXPECT_EQ(w.TcbInfo("tdx").status, 200);
}

TEST(Upload, EachKindIsVerified) {
  const auto other = sim::SimIntel::Make({.seed = "forger"});
  const auto forged = [&](const char* name) { return BundleOf(other, kQeId)["collaterals"][name]; };
  for (const auto& [member, item] :
       std::vector<std::pair<const char*, const char*>>{{"pck_certs", "intel/pck/"},
                                                        {"pckcacrl", "intel/crl/pck/"},
                                                        {"rootcacrl", "intel/crl/root"},
                                                        {"qeidentity", "intel/identity/qe"},
                                                        {"tcbinfos", "intel/tcb/"}}) {
    UploadWorld w;
    Bundle bundle = BundleOf(w.intel, kQeId);
    bundle["collaterals"][member] = forged(member);
    const RawAnswer answer = w.Put(bundle);
    EXPECT_EQ(answer.status, 460) << member;
    EXPECT_NE(answer.Header("X-Thimble-Refused").value_or("").find(item), std::string::npos) << member;
  }
  UploadWorld w;
  EXPECT_EQ(w.Put(BundleOf(other, kQeId)).status, 460) << "consistent, of another root";
  EXPECT_EQ(w.TcbInfo().status, 404);
  EXPECT_EQ(w.Ask(PckCertTarget(sim::Tcb::kGood, "")).Header("X-Thimble-Cause"), "pck.not_registered");
}

TEST(Upload, WhatIsOlderThanWhatIsHeldIsLeftOut) {
  UploadWorld w;
  const auto newer = w.intel.At(sim::kNow - std::chrono::hours(1));
  EXPECT_EQ(w.Put(BundleOf(newer, kQeId)).status, 200);
  const auto older = w.intel.At(sim::kNow - std::chrono::hours(48));
  const RawAnswer answer = w.Put(BundleOf(older, kQeId));
  EXPECT_EQ(answer.status, 200) << "what was wanted, and more, is here";
  EXPECT_NE(answer.Header("X-Thimble-Refused").value_or("").find("collateral.rollback intel/tcb/sgx"),
            std::string::npos);
  EXPECT_EQ(w.TcbInfo().body, AsText(newer.TcbInfo(IntelTee::kSgx)));
}

TEST(Upload, BadBodiesAreRefusedWhole) {
  UploadWorld w;
  const auto without = [&](const std::string& pointer) {
    Bundle bundle = BundleOf(w.intel, kQeId);
    bundle = bundle.flatten();
    for (auto it = bundle.begin(); it != bundle.end();) {
      it = it.key().starts_with(pointer) ? bundle.erase(it) : std::next(it);
    }
    return bundle.unflatten();
  };
  for (const char* const member :
       {"/platforms", "/collaterals/version", "/collaterals/pck_certs", "/collaterals/tcbinfos",
        "/collaterals/certificates", "/collaterals/pck_certs/0/qe_id", "/collaterals/pck_certs/0/certs",
        "/collaterals/tcbinfos/0/fmspc"}) {
    EXPECT_EQ(w.Put(without(member)).status, 400) << member;
  }
  Bundle bundle = BundleOf(w.intel, kQeId);
  bundle["collaterals"]["version"] = 3;
  EXPECT_EQ(w.Put(bundle).status, 400);
  bundle = BundleOf(w.intel, kQeId);
  bundle["collaterals"]["rootcacrl"] = "not hex";
  EXPECT_EQ(w.Put(bundle).status, 400);
  EXPECT_EQ(w.TcbInfo().status, 404) << "nothing was taken";
  EXPECT_EQ(w.Send("PUT", StrCat(kV4, "/platformcollateral"), kAdmin, "{").status, 400);
}

// Intel's client would take it for an empty success.
TEST(Upload, WhatIntelsClientCannotReadIsAClearError) {
  for (const size_t advisories : {size_t{10}, size_t{4000}}) {
    UploadWorld w;
    Bundle bundle = BundleOf(w.intel, kQeId);
    const Bytes info = w.intel.TcbInfo(
        IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber,
        [&](sim::TcbInfoSpec& spec) { spec.levels.back().advisories.assign(advisories, "INTEL-SA-00000"); });
    bundle["collaterals"]["tcbinfos"][0]["sgx_tcbinfo"] = Bundle::parse(AsText(info));
    EXPECT_EQ(w.Put(bundle).status, 200);
    const RawAnswer answer = w.TcbInfo();
    EXPECT_EQ(answer.status, advisories == 10 ? 200 : 500) << info.size();
    if (answer.status == 200) continue;
    EXPECT_EQ(answer.body, "Internal server error occurred.");
    EXPECT_EQ(answer.Header("X-Thimble-Cause"), "answer.too_long");
  }
}

TEST(Upload, CrlsAlone) {
  UploadWorld w;
  Bundle bundle = BundleOf(w.intel, kQeId);
  bundle["platforms"] = Bundle::array();
  bundle["collaterals"]["pck_certs"] = Bundle::array();
  bundle["collaterals"]["tcbinfos"] = Bundle::array();
  EXPECT_EQ(w.Put(bundle).status, 200);
  EXPECT_EQ(w.Ask(StrCat(kV4, "/rootcacrl")).status, 200);
}

// As Intel's tool for sites without a network writes them: both CRLs, and the chain of one CA, or none.
Bundle CrlsOf(const sim::SimIntel& intel, bool with_platform_chain) {
  Bundle bundle = BundleOf(intel, kQeId);
  bundle["platforms"] = Bundle::array();
  Bundle& collaterals = bundle["collaterals"];
  for (const char* const list : {"pck_certs", "tcbinfos"}) collaterals[list] = Bundle::array();
  for (const char* const id : {"qeidentity", "tdqeidentity", "qveidentity"}) collaterals[id] = "";
  Bundle& chains = collaterals["certificates"];
  chains["TCB-Info-Issuer-Chain"] = chains["SGX-Enclave-Identity-Issuer-Chain"] = "";
  Bundle& pck = chains["SGX-PCK-Certificate-Issuer-Chain"];
  pck.erase("PROCESSOR");
  if (!with_platform_chain) pck.erase("PLATFORM");
  return bundle;
}

TEST(Upload, WhatHasNoChainIsCheckedByOneInTheCache) {
  UploadWorld w;
  EXPECT_EQ(w.Put(BundleOf(w.intel.At(sim::kNow - std::chrono::hours(48)), kQeId)).status, 200);
  const auto newer = w.intel.At(sim::kNow - std::chrono::hours(1));
  const RawAnswer answer = w.Put(CrlsOf(newer, false));
  EXPECT_EQ(answer.status, 200);
  EXPECT_FALSE(answer.Header("X-Thimble-Refused")) << *answer.Header("X-Thimble-Refused");
  for (const auto ca : {intel::PckCa::kProcessor, intel::PckCa::kPlatform}) {
    EXPECT_EQ(w.Ask(StrCat(kV4, "/pckcrl?ca=", PckCaName(ca))).body, HexLower(newer.PckCrl(ca)));
  }
  EXPECT_EQ(w.Ask(StrCat(kV4, "/rootcacrl")).body, HexLower(newer.RootCaCrl()));
}

TEST(Upload, WhatCannotBeCheckedYetIsNamedAndDoesNoHarm) {
  UploadWorld w;
  const RawAnswer one = w.Put(CrlsOf(w.intel, true));
  EXPECT_EQ(one.status, 200);
  EXPECT_EQ(one.Header("X-Thimble-Refused"), "collateral.missing intel/crl/pck/processor");
  EXPECT_EQ(w.Ask(StrCat(kV4, "/pckcrl?ca=platform")).status, 200);
  EXPECT_EQ(w.Ask(StrCat(kV4, "/rootcacrl")).status, 200) << "its root ends the chain that was sent";
  EXPECT_NE(w.Ask(StrCat(kV4, "/pckcrl?ca=processor")).status, 200);

  UploadWorld empty;
  const RawAnswer none = empty.Put(CrlsOf(empty.intel, false));
  EXPECT_EQ(none.status, 200);
  EXPECT_EQ(none.Header("X-Thimble-Refused"),
            "collateral.missing intel/crl/pck/processor; collateral.missing intel/crl/pck/platform; "
            "collateral.missing intel/crl/root");
}

// A chain in the cache vouches for nobody else's CRL.
TEST(Upload, AForgedCrlWithoutAChainIsRefused) {
  UploadWorld w;
  EXPECT_EQ(w.Put(BundleOf(w.intel, kQeId)).status, 200);
  const RawAnswer answer = w.Put(CrlsOf(sim::SimIntel::Make({.seed = "forger"}), false));
  EXPECT_EQ(answer.status, 460);
  EXPECT_EQ(answer.Header("X-Thimble-Cause"), "crl.pck.issuer") << "it names the key of another CA";
  EXPECT_EQ(w.Ask(StrCat(kV4, "/pckcrl?ca=platform")).body,
            HexLower(w.intel.PckCrl(intel::PckCa::kPlatform)));
}

// Nobody renews it: it has its grace as everything else.
TEST(Upload, OfVersion3IsServedUntilItsGraceEnds) {
  const std::string target = "/sgx/certification/v3/tcb?fmspc=00806F050000";
  const Bundle bundle = Version3BundleOf(sim::SimIntel::Make(), kQeId);
  const Instant end = *ParseRfc3339(
      bundle["collaterals"]["tcbinfos"][0]["tcbinfo"]["tcbInfo"]["nextUpdate"].get<std::string>());
  const Seconds grace(7 * 24 * 3600);
  for (const auto& [now, status] :
       {std::pair(end, 200), {end + grace, 200}, {end + grace + Seconds(1), 503}}) {
    UploadWorld w;
    w.Stop();
    w.Start(now);
    (void)w.Put(bundle, "v3");
    const RawAnswer answer = w.Ask(target);
    EXPECT_EQ(answer.status, status) << FormatRfc3339(now);
    EXPECT_EQ(answer.Header("X-Thimble-Freshness").value_or(""), status != 200 ? ""
                                                                 : now == end  ? "fresh"
                                                                               : "stale");
  }
}

TEST(Upload, OfVersion3KeepsItsTcbInfoForVersion3Alone) {
  UploadWorld w(CachingMode::kLazy);
  const std::string target = "/sgx/certification/v3/tcb?fmspc=00806F050000";
  EXPECT_EQ(w.Ask(target).status, 410);
  const Bundle bundle = Version3BundleOf(w.intel, kQeId);
  EXPECT_EQ(w.Put(bundle, "v3").status, 200);
  const RawAnswer answer = w.Ask(target);
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(json::parse(answer.body).at("tcbInfo").at("version"), 2);
  EXPECT_TRUE(answer.Header("SGX-TCB-Info-Issuer-Chain"));
  EXPECT_TRUE(answer.Header("Warning"));
  EXPECT_EQ(answer.Header("Age"), "0");
  EXPECT_EQ(w.Ask(StrCat(target, "&update=early")).status, 410);

  Bundle as_version4 = BundleOf(w.intel, kQeId);
  as_version4["collaterals"]["tcbinfos"][0]["sgx_tcbinfo"] = bundle["collaterals"]["tcbinfos"][0]["tcbinfo"];
  const RawAnswer refused = w.Put(as_version4);
  EXPECT_EQ(refused.status, 460);
  EXPECT_EQ(refused.Header("X-Thimble-Cause"), "collateral.mismatch");
  Bundle forged = bundle;
  forged["collaterals"]["tcbinfos"][0]["tcbinfo"]["tcbInfo"]["tcbEvaluationDataNumber"] = 18;
  EXPECT_EQ(w.Put(forged, "v3").Header("X-Thimble-Cause"), "tcb_info.signature");
}

TEST(Refresh, AsksForAllThatIsHeld) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  w.vendor.ResetCounts();
  for (const char* const method : {"GET", "POST"}) {
    const RawAnswer answer = w.Send(method, StrCat(kV4, "/refresh"), kAdmin, "");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "Operation successful.");
  }
  EXPECT_EQ(w.vendor.Count("/tcb?"), 6u) << "of SGX, its early one, and of TDX, twice";
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 0u);
  EXPECT_EQ(w.AskAsAdmin(StrCat(kV4, "/refresh?type=certs&fmspc=00806F050000")).status, 200);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u);
  EXPECT_EQ(w.AskAsAdmin(StrCat(kV4, "/refresh?type=certs&fmspc=00A067110000")).status, 200);
  EXPECT_EQ(w.vendor.Count("/pckcerts"), 1u) << "no such platform is known";
}

TEST(Refresh, SaysWhatItDoesNotDo) {
  PccsWorld w;
  w.Start();
  EXPECT_EQ(w.Ask(StrCat(kV4, "/refresh")).status, 401);
  for (const char* const query :
       {"?type=all", "?type=certs", "?type=certs&fmspc=all", "?fmspc=00806F050000"}) {
    EXPECT_EQ(w.AskAsAdmin(StrCat(kV4, "/refresh", query)).status, 400) << query;
  }
  EXPECT_EQ(w.Register(ByPpid()).status, 200);
  w.vendor.SetMode("503");
  const RawAnswer down = w.AskAsAdmin(StrCat(kV4, "/refresh"));
  EXPECT_EQ(down.status, 503);
  EXPECT_EQ(down.body, "");
  EXPECT_EQ(down.Header("X-Thimble-Cause"), "upstream.status");

  UploadWorld offline;
  EXPECT_EQ(offline.Put(BundleOf(offline.intel, kQeId)).status, 200);
  const RawAnswer answer = offline.AskAsAdmin(StrCat(kV4, "/refresh"));
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "");
  EXPECT_EQ(answer.Header("X-Thimble-Cause"), "mode.forbids_fetch");
}

// -- appraisal policies --

std::string Jwt(std::string_view class_id, std::string_view more = "") {
  const json payload = {
      {"policy_array", {{{"environment", {{"class_id", class_id}}}, {"reference", {{"x", more}}}}}}};
  const json claims = {{"policy_payload", payload.dump()}};
  return StrCat("eyJhbGciOiJub25lIn0.", Base64Url(AsBytes(claims.dump())), ".");
}
constexpr const char* kSgxClass = "3123ec35-8d38-4ea5-87a5-d6c48b567570";

RawAnswer PutPolicy(PccsWorld& w, const json& body, std::string_view headers = kAdmin) {
  return w.Send("PUT", StrCat(kV4, "/appraisalpolicy"), headers, body.dump());
}

TEST(AppraisalPolicy, TheDefaultIsGivenBackAsItCame) {
  PccsWorld w;
  w.Start();
  const std::string get = StrCat(kV4, "/appraisalpolicy?fmspc=00806F050000");
  EXPECT_EQ(w.Ask(get).status, 404);
  const std::string first = Jwt(kSgxClass), second = Jwt(kSgxClass, "other");
  const RawAnswer put = PutPolicy(w, {{"is_default", true}, {"fmspc", "00806f050000"}, {"policy", first}});
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(put.body, Sha384(AsBytes(first)).hex());
  EXPECT_EQ(w.Ask(get).body, first);
  EXPECT_EQ(PutPolicy(w, {{"is_default", false}, {"fmspc", "00806f050000"}, {"policy", second}}).status, 200);
  EXPECT_EQ(w.Ask(get).body, first);
  EXPECT_EQ(PutPolicy(w, {{"is_default", true}, {"fmspc", "00806f050000"}, {"policy", second}}).status, 200);
  EXPECT_EQ(w.Ask(get).body, second) << "a new default takes the place of the old one";
  EXPECT_EQ(w.Ask(StrCat(kV4, "/appraisalpolicy?fmspc=00A067110000")).status, 404);
}

TEST(AppraisalPolicy, WhatIsNoneIsRefused) {
  PccsWorld w;
  w.Start();
  const json good = {{"is_default", true}, {"fmspc", "00806f050000"}, {"policy", Jwt(kSgxClass)}};
  EXPECT_EQ(PutPolicy(w, good, "").status, 401);
  EXPECT_EQ(PutPolicy(w, good, "user-token: user secret\r\n").status, 401);
  for (const auto& [member, value] :
       std::vector<std::pair<std::string, json>>{{"is_default", "true"},
                                                 {"fmspc", "00806f05"},
                                                 {"policy", "abc"},
                                                 {"policy", "a.!.c"},
                                                 {"policy", Jwt("00000000-0000-0000-0000-000000000000")},
                                                 {"policy", nullptr}}) {
    json bad = good;
    bad[member] = value;
    EXPECT_EQ(PutPolicy(w, bad).status, 400) << member << value;
  }
  EXPECT_EQ(w.Ask(StrCat(kV4, "/appraisalpolicy?fmspc=008")).status, 400);
  EXPECT_EQ(w.Ask(StrCat(kV4, "/appraisalpolicy?fmspc=00806F050000")).status, 404);
  EXPECT_EQ(PutPolicy(w, good).status, 200);
}

}  // namespace
}  // namespace thimble
