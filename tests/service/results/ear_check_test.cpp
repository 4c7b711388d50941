// SPDX-License-Identifier: Apache-2.0
//
// What a relying party refuses of a token whose signature holds: each claim has a token that is good, and one that differs
// in it alone.
#include "service/results/ear_check.h"

#include <gtest/gtest.h>

#include <functional>
#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

const Digest256 kDigest = *Digest256::FromHex(std::string(64, '1'));

json GoodClaims() {
  VerificationOutcome outcome;
  outcome.verdict.authentic = true;
  outcome.verdict.tcb_status = TcbStatus::kUpToDate;
  outcome.verdict.claims = intel::SgxClaims{};
  outcome.verdict.tcb_info_evaluation = outcome.verdict.qe_identity_evaluation = 17;
  outcome.verdict.at = sim::kNow;
  Policy policy;
  policy.sha256 = kDigest;
  outcome.decision = Appraise(outcome.verdict, policy, sim::kNow);
  return json::parse(EarClaims({outcome, policy, "default", 7}, {.token_id = "id", .nonce = "nonce-1"}));
}

int64_t Unix(Instant at) { return at.time_since_epoch().count(); }
json& Submodule(json& claims) { return claims["submods"]["cpu0"]; }
json& Evaluation(json& claims) { return Submodule(claims)["ear.veraison.annotated-evidence"]["evaluation"]; }

struct Row {
  std::string name;
  ErrorKind kind;
  std::function<void(json&)> bend;
};

EarExpectation Expected() {
  EarExpectation expected;
  EXPECT_TRUE(ExpectPolicy("default@" + kDigest.hex(), expected).ok());
  EXPECT_TRUE(ExpectBaseline("default@7", expected).ok());
  expected.nonce = "nonce-1";
  return expected;
}

TEST(EarCheck, TakesWhatIsAsked) {
  const auto summary = CheckEar(GoodClaims().dump(), sim::kNow, Expected());
  ASSERT_TRUE(summary.ok()) << summary.error().message;
  EXPECT_EQ(summary->status, Tier::kAffirming);
  EXPECT_EQ(summary->policy, "default@sha256:" + kDigest.hex());
  EXPECT_EQ(summary->baseline, "default@7");
  EXPECT_EQ(summary->token_id, "id");
  EXPECT_TRUE(CheckEar(GoodClaims().dump(), sim::kNow, {}).ok()) << "without being asked for more";
}

std::vector<Row> Rows() {
  using enum ErrorKind;
  return {
      {"profile", kRejected, [](json& c) { c["eat_profile"] = "tag:github.com,2024:other"; }},
      {"issuer", kRejected, [](json& c) { c["iss"] = "somebody"; }},
      {"no issuer", kRejected, [](json& c) { c.erase("iss"); }},
      {"nonce", kRejected, [](json& c) { c["eat_nonce"] = "nonce-2"; }},
      {"no nonce", kRejected, [](json& c) { c.erase("eat_nonce"); }},
      {"policy", kRejected,
       [](json& c) { Submodule(c)["ear.appraisal-policy-id"] = "lax@sha256:" + kDigest.hex(); }},
      {"digest", kRejected,
       [](json& c) { Submodule(c)["ear.appraisal-policy-id"] = "default@sha256:" + std::string(64, '2'); }},
      {"no digest", kRejected, [](json& c) { Submodule(c)["ear.appraisal-policy-id"] = "default"; }},
      {"no policy", kRejected, [](json& c) { Submodule(c).erase("ear.appraisal-policy-id"); }},
      {"baseline", kRejected, [](json& c) { Evaluation(c)["baseline"] = "old"; }},
      {"no baseline", kRejected, [](json& c) { Evaluation(c).erase("baseline"); }},
      {"baseline version", kRejected, [](json& c) { Evaluation(c)["baseline_version"] = 8; }},
      {"no baseline version", kRejected, [](json& c) { Evaluation(c).erase("baseline_version"); }},
      {"no evidence", kRejected, [](json& c) { Submodule(c).erase("ear.veraison.annotated-evidence"); }},
      {"status better than vector", kRejected,
       [](json& c) { Submodule(c)["ear.trustworthiness-vector"]["hardware"] = 32; }},
      {"unknown status", kMalformed, [](json& c) { Submodule(c)["ear.status"] = "excellent"; }},
      {"no status", kMalformed, [](json& c) { Submodule(c).erase("ear.status"); }},
      {"no submodule", kMalformed, [](json& c) { c["submods"] = json::object(); }},
      {"a second submodule of another policy", kRejected,
       [](json& c) {
         c["submods"]["gpu0"] = Submodule(c);
         c["submods"]["gpu0"]["ear.appraisal-policy-id"] = "lax@sha256:" + kDigest.hex();
       }},
      {"a first submodule of another policy", kRejected,
       [](json& c) {
         c["submods"]["a"] = Submodule(c);
         c["submods"]["a"]["ear.appraisal-policy-id"] = "lax@sha256:" + kDigest.hex();
       }},
      {"a second submodule of another baseline", kRejected,
       [](json& c) {
         c["submods"]["gpu0"] = Submodule(c);
         c["submods"]["gpu0"]["ear.veraison.annotated-evidence"]["evaluation"]["baseline"] = "old";
       }},
      {"a submodule that is no object", kMalformed, [](json& c) { c["submods"]["gpu0"] = "a.b.c"; }},
      {"no iat", kMalformed, [](json& c) { c.erase("iat"); }},
      {"no exp", kMalformed, [](json& c) { c.erase("exp"); }},
      {"no jti", kMalformed, [](json& c) { c.erase("jti"); }},
      {"issued later", kRejected, [](json& c) { c["iat"] = Unix(sim::kNow + 61s); }},
      {"not before later", kRejected, [](json& c) { c["nbf"] = Unix(sim::kNow + 61s); }},
      {"ended", kRejected, [](json& c) { c["exp"] = Unix(sim::kNow); }},
      {"lives too long", kRejected, [](json& c) { c["exp"] = Unix(sim::kNow + 24h + 1s); }},
  };
}

TEST(EarCheck, RefusesWhatDiffersInOneThing) {
  for (const Row& row : Rows()) {
    json claims = GoodClaims();
    row.bend(claims);
    const auto checked = CheckEar(claims.dump(), sim::kNow, Expected());
    ASSERT_FALSE(checked.ok()) << row.name;
    EXPECT_EQ(checked.error().kind, row.kind) << row.name << ": " << checked.error().message;
    EXPECT_EQ(checked.error().check, Check::kEvidenceFormat) << row.name;
  }
}

TEST(EarCheck, TakesTheEndsOfItsWindows) {
  const auto with = [](const char* name, Instant at) {
    json claims = GoodClaims();
    claims[name] = Unix(at);
    return CheckEar(claims.dump(), sim::kNow, Expected()).ok();
  };
  EXPECT_TRUE(with("exp", sim::kNow + 24h)) << "a day";
  EXPECT_TRUE(with("exp", sim::kNow + 1s));
  EXPECT_TRUE(with("iat", sim::kNow + 60s)) << "clocks differ a little";
  EXPECT_TRUE(with("nbf", sim::kNow + 60s));
}

// Who asks nothing gets the default policy and baseline, and no other.
TEST(EarCheck, HoldsTokensToTheDefaultPolicyAndBaseline) {
  for (const auto& [name, bend] :
       {std::pair<std::string, void (*)(json&)>(
            "policy",
            [](json& c) { Submodule(c)["ear.appraisal-policy-id"] = "lax@sha256:" + kDigest.hex(); }),
        {"baseline", [](json& c) { Evaluation(c)["baseline"] = "old"; }}}) {
    json claims = GoodClaims();
    bend(claims);
    const auto checked = CheckEar(claims.dump(), sim::kNow, {});
    ASSERT_FALSE(checked.ok()) << name;
    EXPECT_NE(checked.error().message.find(name), std::string::npos) << checked.error().message;
  }
}

TEST(EarCheck, CountsTheWorstSubmodule) {
  json two = GoodClaims();
  two["submods"]["gpu0"] = Submodule(two);
  two["submods"]["gpu0"]["ear.status"] = "contraindicated";
  EXPECT_EQ(CheckEar(two.dump(), sim::kNow, Expected())->status, Tier::kContraindicated);
}

TEST(EarCheck, ReadsWhatIsExpected) {
  EarExpectation expected;
  for (const char* bad : {"", "@", "default@", "default@12", "default@sha256:", "@1111"})
    EXPECT_FALSE(ExpectPolicy(bad, expected).ok()) << bad;
  for (const char* bad : {"", "@1", "default@", "default@-1", "default@1x", "default@4294967296"})
    EXPECT_FALSE(ExpectBaseline(bad, expected).ok()) << bad;
  ASSERT_TRUE(ExpectPolicy("strict", expected).ok());
  EXPECT_EQ(expected.policy, "strict");
  EXPECT_FALSE(expected.policy_digest);
  ASSERT_TRUE(ExpectBaseline("old@3", expected).ok());
  EXPECT_EQ(expected.baseline_version, 3u);
}

}  // namespace
}  // namespace thimble
