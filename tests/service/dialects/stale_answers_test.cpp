// SPDX-License-Identifier: Apache-2.0
//
// Past nextUpdate over HTTP (DESIGN section 3): marked for stale_grace, then 503. A verification says so by itself.
#include <gtest/gtest.h>

#include "tests/service/testing/ops_world.h"

namespace thimble {
namespace {

using nlohmann::json;
using std::chrono::hours;
using test::OpsWorld;

constexpr const char* kTcb = "/sgx/certification/v4/tcb?fmspc=00806F050000";
const Instant kEnd = sim::kNow + std::chrono::days(21);  // of the TCB info

// A Thimble at a time, with collateral of kNow and no upstream that answers.
struct Cut : OpsWorld {
  explicit Cut(Instant now, CachingMode mode = CachingMode::kLazy) : OpsWorld(mode) {
    OpsWorld source;
    source.Start();
    source.Fill();
    vendor.SetMode("503");
    Start(now);
    Imported(source.Export());
  }
};

TEST(StaleAnswers, AreMarkedFromTheSecondAfterNextUpdate) {
  Cut good(kEnd);
  const auto fresh = good.Ask(kTcb);
  EXPECT_EQ(fresh.status, 200);
  EXPECT_EQ(fresh.Header("Warning"), std::nullopt);
  EXPECT_EQ(fresh.Header("X-Thimble-Freshness"), "refresh-due");

  Cut late(kEnd + Seconds(1));
  const auto stale = late.Ask(kTcb);
  EXPECT_EQ(stale.status, 200);
  EXPECT_EQ(stale.Header("Warning"), "110 - \"Response is Stale\"");
  EXPECT_EQ(stale.Header("X-Thimble-Freshness"), "stale");
  EXPECT_EQ(stale.Header("Cache-Control"), "max-age=0");
  EXPECT_TRUE(stale.Header("ETag"));
  EXPECT_TRUE(stale.Header("Age"));
}

TEST(StaleAnswers, EndWithTheGrace) {
  Cut last(kEnd + hours(7 * 24));
  EXPECT_EQ(last.Ask(kTcb).status, 200);
  Cut over(kEnd + hours(7 * 24) + Seconds(1));
  const auto answer = over.Ask(kTcb);
  EXPECT_EQ(answer.status, 503);
  EXPECT_EQ(answer.body, "");
}

// It is held: no mode makes of it what nobody has (PCCS 3).
TEST(StaleAnswers, EndWithTheGraceInEveryModeAndAtEveryRoute) {
  constexpr const char* kSgx = "/sgx/certification/v4";
  const std::string targets[] = {kTcb,
                                 StrCat(kTcb, "&tcbEvaluationDataNumber=17"),
                                 "/tdx/certification/v4/tcb?fmspc=00806F050000",
                                 StrCat(kSgx, "/qe/identity"),
                                 StrCat(kSgx, "/qe/identity?update=early"),
                                 StrCat(kSgx, "/pckcrl?ca=platform"),
                                 StrCat(kSgx, "/rootcacrl"),
                                 StrCat(kSgx,
                                        "/crl?uri=https://certificates.trustedservices.intel.com/"
                                        "IntelSGXRootCA.crl"),
                                 "/IntelSGXRootCA.der"};
  for (const CachingMode mode : {CachingMode::kLazy, CachingMode::kRequest, CachingMode::kOffline}) {
    Cut held(sim::kNow, mode), over(sim::kNow + hours(400 * 24), mode);
    for (const std::string& target : targets) {
      EXPECT_EQ(held.Ask(target).status, 200) << target;
      const auto answer = over.Ask(target);
      EXPECT_EQ(answer.status, 503) << target;
      EXPECT_EQ(answer.body, "") << target;
      EXPECT_TRUE(answer.Header("X-Thimble-Cause")) << target;
    }
    const bool asks = mode == CachingMode::kLazy;
    EXPECT_EQ(over.Ask("/sgx/certification/v4/tcb?fmspc=00A067110000").status, asks ? 503 : 404)
        << "what is not held";
  }
}

TEST(StaleAnswers, AreAFindingOfTheirOwnInAVerification) {
  Cut w(kEnd + Seconds(1));
  const auto verdict = json::parse(
      test::Post(w.port(), "/v1/verify", "application/octet-stream", AsText(w.intel.Quote())).body);
  EXPECT_EQ(verdict["authentic"], true);
  EXPECT_EQ(verdict["decision"], "reject");
  std::set<std::string> checks;
  for (const json& finding : verdict["findings"]) checks.insert(finding["check"].get<std::string>());
  EXPECT_TRUE(checks.contains("tcb_info.expired")) << verdict.dump(2);
}

TEST(StaleAnswers, MayBeAllowedByPolicyForAWhile) {
  Cut w(kEnd + Seconds(1));
  w.Stop();
  w.config.policies["default"].collateral_grace = Seconds(30 * 24 * 3600);
  OpsWorld source;
  source.Start();
  source.Fill();
  w.Start(kEnd + Seconds(1));
  w.Imported(source.Export());
  const auto verdict = json::parse(
      test::Post(w.port(), "/v1/verify", "application/octet-stream", AsText(w.intel.Quote())).body);
  EXPECT_EQ(verdict["decision"], "accept") << verdict.dump(2);
}

}  // namespace
}  // namespace thimble
