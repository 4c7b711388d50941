// SPDX-License-Identifier: Apache-2.0
//
// The claims of signed attestation results.
#include "service/results/ear.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;
using nlohmann::json;

class EarClaimsTest : public testing::Test {
 protected:
  json Claims() const {
    return json::parse(EarClaims({outcome_, policy_, "default", 1}, {"id", "Thimble", "nonce-1"}));
  }
  int Vector(const char* name) const {
    const json vector = Claims()["submods"]["cpu0"]["ear.trustworthiness-vector"];
    return vector.contains(name) ? vector[name].get<int>() : 0;
  }
  std::string Status() const { return Claims()["submods"]["cpu0"]["ear.status"]; }

  EarClaimsTest() {
    verdict_.authentic = true;
    verdict_.tcb_status = TcbStatus::kUpToDate;
    verdict_.claims = intel::SgxClaims{};
    verdict_.tcb_info_evaluation = verdict_.qe_identity_evaluation = 17;
    verdict_.at = sim::kNow;
    decision_.accept = true;
  }
  static UsedCollateral Item(std::string name, const Validity& window) {
    return {std::move(name), Digest256(), window, "", BroughtBy::kServer};
  }
  // How long it lives, when this is decided by the policy.
  Seconds Life() {
    decision_ = Appraise(verdict_, policy_, verdict_.at);
    const json claims = Claims();
    return Seconds(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>());
  }
  VerificationOutcome outcome_;
  Verdict& verdict_ = outcome_.verdict;
  Decision& decision_ = outcome_.decision;
  Policy policy_;
};

TEST_F(EarClaimsTest, AffirmWhatIsGood) {
  const json claims = Claims();
  EXPECT_EQ(claims["eat_profile"], kEarProfile);
  EXPECT_EQ(claims["eat_nonce"], "nonce-1");
  EXPECT_EQ(claims["exp"].get<int64_t>() - claims["iat"].get<int64_t>(), 300);
  EXPECT_EQ(Status(), "affirming");
  EXPECT_EQ(Vector("hardware"), 2);
  EXPECT_EQ(Vector("runtime-opaque"), 2);
  EXPECT_EQ(Vector("executables"), 0) << "no rule asked for them";
  EXPECT_EQ(claims["submods"]["cpu0"]["ear.appraisal-policy-id"],
            StrCat("default@sha256:", std::string(64, '0')));
}

// What is short beside a status that is UpToDate.
TEST_F(EarClaimsTest, WarnOfAnOldQuotingEnclaveAndOldSecondTcbs) {
  for (const Check check : {Check::kQeTcb, Check::kTdxCurrentTcb, Check::kTdxInitialTcb}) {
    verdict_.findings = {{check, Severity::kNote, "short"}};
    EXPECT_EQ(Vector("hardware"), 32) << CheckName(check);
    EXPECT_EQ(Status(), "warning") << CheckName(check);
  }
  verdict_.findings = {{Check::kTdxServiceTd, Severity::kNote, "noted"}};
  EXPECT_EQ(Status(), "affirming") << "another note";
}

// What no TEE made is presented as none (spec/attestation-results.md section 1): hardware that encrypts memory is nowhere in
// it, and of a TPM nothing is known but what it measured.
TEST_F(EarClaimsTest, SayOfATpmOnlyWhatItProves) {
  verdict_.tee = Tee::kTpm;
  verdict_.tcb_status.reset();
  verdict_.claims = std::monostate();
  verdict_.tpm = std::make_shared<const tpm::Claims>();
  const json none = Claims()["submods"]["cpu0"];
  EXPECT_TRUE(none["ear.trustworthiness-vector"].empty()) << none.dump(1);
  EXPECT_EQ(Status(), "none");
  decision_.rules = {{"tpm.pcr.sha256.7", "[]", "[]", true}};
  EXPECT_EQ(Vector("executables"), 3);
  EXPECT_EQ(Status(), "affirming");
  for (const char* name : {"hardware", "runtime-opaque", "configuration"}) EXPECT_EQ(Vector(name), 0) << name;
  decision_.rules.front().ok = false;
  EXPECT_EQ(Vector("executables"), 33);
  // A key that nobody answers for, and a policy that does without.
  decision_.rules.front().ok = true;
  verdict_.checks.Set(Check::kTpmAkUnproven, CheckResult::kFailed);
  EXPECT_EQ(Status(), "warning");
  verdict_.authentic = false;
  decision_.accept = false;
  EXPECT_EQ(Status(), "contraindicated");
}

TEST_F(EarClaimsTest, SayOfAVbsEnclaveThatItIsIsolatedOnly) {
  verdict_.tee = Tee::kVbs;
  verdict_.tcb_status.reset();
  verdict_.claims = std::monostate();
  vbs::Claims claims;
  verdict_.vbs = std::make_shared<const vbs::Claims>(claims);
  EXPECT_EQ(Vector("runtime-opaque"), 32);
  EXPECT_EQ(Vector("hardware"), 0);
  EXPECT_EQ(Vector("configuration"), 3);
  EXPECT_EQ(Vector("executables"), 0);
  EXPECT_EQ(Status(), "warning");
  decision_.rules = {{"vbs.author_id", "[]", "[]", true}};
  EXPECT_EQ(Vector("executables"), 2);
  decision_.rules = {{"vbs.min_enclave_svn", "3", "2", false}};
  EXPECT_EQ(Vector("executables"), 33);
  decision_.rules = {{"vbs.owner_id", "[]", "[]", true}};
  EXPECT_EQ(Vector("executables"), 0) << "whose it is does not say what runs";
  claims.flags = 1;
  verdict_.vbs = std::make_shared<const vbs::Claims>(claims);
  EXPECT_EQ(Vector("runtime-opaque"), 96);
  EXPECT_EQ(Vector("configuration"), 96);
}

TEST_F(EarClaimsTest, AreNeverBetterThanTheWorst) {
  verdict_.tcb_status = TcbStatus::kOutOfDate;  // and the policy lets it pass
  EXPECT_EQ(Vector("hardware"), 32);
  EXPECT_EQ(Status(), "warning");
  verdict_.tcb_status = TcbStatus::kConfigurationNeeded;
  EXPECT_EQ(Vector("configuration"), 32);
  verdict_.tcb_status = TcbStatus::kRevoked;
  EXPECT_EQ(Vector("hardware"), 96);
  EXPECT_EQ(Status(), "contraindicated");
  verdict_.tcb_status = TcbStatus::kUpToDate;
  decision_.accept = false;
  EXPECT_EQ(Status(), "contraindicated") << "the policy may lower it";
  decision_.accept = true;
  intel::SgxClaims debug;
  debug.attributes[0] = 0x02;
  verdict_.claims = debug;
  EXPECT_EQ(Vector("configuration"), 96);
  EXPECT_EQ(Vector("runtime-opaque"), 96);
}

TEST_F(EarClaimsTest, SpeakOfCodeAndIdentityWhereThePolicyAsks) {
  decision_.rules = {{"sgx.mrenclave", "[]", "\"\"", true}, {"snp.chip_id", "[]", "\"\"", true}};
  EXPECT_EQ(Vector("executables"), 2);
  EXPECT_EQ(Vector("instance-identity"), 2);
  verdict_.tee = Tee::kTdx;
  EXPECT_EQ(Vector("executables"), 3) << "as it was at boot";
  decision_.rules = {{"sgx.mrenclave", "[]", "\"\"", false}, {"snp.chip_id", "[]", "\"\"", false}};
  EXPECT_EQ(Vector("executables"), 33);
  EXPECT_EQ(Vector("instance-identity"), 97);
  decision_.rules = {{"hcl.pcr.sha256.7", "[]", "\"\"", true}};
  EXPECT_EQ(Vector("executables"), 3) << "beside a paravisor, the PCRs are the guest";
  decision_.rules = {{"sgx.mrenclave", "[]", "\"\"", true}, {"hcl.pcr.sha256.7", "[]", "\"\"", false}};
  EXPECT_EQ(Vector("executables"), 33);
  decision_.rules = {{"restricted", "[]", "\"\"", false}};
  EXPECT_EQ(Vector("executables"), 96);
}

TEST_F(EarClaimsTest, AffirmNothingOfAForgery) {
  verdict_.authentic = false;
  verdict_.tcb_status.reset();
  decision_.accept = false;
  EXPECT_EQ(Vector("hardware"), 99);
  EXPECT_EQ(Status(), "contraindicated");
}

// Whatever the decision rests on, by itself: the token ends with it, and a second later ends a second later.
TEST_F(EarClaimsTest, LiveNoLongerThanTheFirstThingTheyRestOn) {
  EXPECT_EQ(Life(), 300s);
  const auto ends_at = [&](Seconds when) { return Validity{sim::kNow - 24h, sim::kNow + when}; };
  for (const Seconds when : {0s, 1s, 60s, 299s, 300s, 301s}) {
    const Seconds life = std::min<Seconds>(when, 300s);
    verdict_.window = ends_at(when);  // evidence's certificates, and all the rest
    EXPECT_EQ(Life(), life) << when.count();
    verdict_.window = {};
    outcome_.collateral = {Item("intel/crl/root", ends_at(when))};
    EXPECT_EQ(Life(), life) << when.count();
    outcome_.collateral.clear();
    // Tolerances of the policy.
    verdict_.advisories = {"INTEL-SA-00001"};
    policy_.accepted_advisories = {{AdvisoryEntry{"INTEL-SA-00001", sim::kNow + when}}};
    EXPECT_EQ(Life(), life) << when.count();
    ASSERT_TRUE(decision_.accept);
    verdict_.advisories.clear();
    policy_.accepted_advisories.reset();
    verdict_.tcb_status = TcbStatus::kOutOfDate;
    verdict_.tcb_date = sim::kNow - 1h + when;
    policy_.platform_grace = 1h;
    EXPECT_EQ(Life(), life) << when.count();
    ASSERT_TRUE(decision_.accept);
    verdict_.tcb_status = TcbStatus::kUpToDate;
    verdict_.tcb_date.reset();
    policy_.platform_grace.reset();
  }
}

TEST_F(EarClaimsTest, SayThatGraceWasUsedAndOnlyWarn) {
  EXPECT_EQ(Life(), 300s);
  EXPECT_EQ(Status(), "affirming");
  const auto evidence = [&] { return Claims()["submods"]["cpu0"]["ear.veraison.annotated-evidence"]; };
  EXPECT_FALSE(evidence().contains("grace_used"));
  const auto ended = [&](Seconds ago, Seconds grace) {
    verdict_.findings = {{Check::kTcbInfoExpired, Severity::kSoft, "ended"}};
    verdict_.window.not_after = sim::kNow - ago;
    outcome_.collateral = {Item("tcb info", {sim::kNow - 48h, sim::kNow - ago})};
    outcome_.grace_used = ago;
    policy_.collateral_grace = grace;
    return Life();
  };
  EXPECT_EQ(ended(1h, 2h), 300s);
  ASSERT_TRUE(decision_.accept);
  EXPECT_EQ(Status(), "warning");
  EXPECT_EQ(evidence()["grace_used"], "1h");
  EXPECT_EQ(evidence()["findings"], json({"tcb_info.expired"}));
  EXPECT_EQ(ended(1h, 1h + 40s), 40s) << "and no longer than the grace";
  outcome_.collateral.push_back(Item("crl", {sim::kNow - 48h, sim::kNow + 20s}));
  EXPECT_EQ(Life(), 20s) << "nor than what has not ended";
}

TEST_F(EarClaimsTest, NameWhatTheyRestOn) {
  outcome_.collateral = {
      {"intel/crl/root", Digest256(), {sim::kNow - 1h, sim::kNow + 24h}, "", BroughtBy::kCaller}};
  outcome_.caller_collateral = CallerCollateral::kNewest;
  const json claims = Claims(), evidence = claims["submods"]["cpu0"]["ear.veraison.annotated-evidence"];
  EXPECT_EQ(claims["iss"], "Thimble");
  EXPECT_EQ(evidence["about"], "now");
  EXPECT_EQ(evidence["evaluation"],
            json({{"baseline", "default"}, {"baseline_version", 1}, {"tcb_info", 17}, {"qe_identity", 17}}));
  ASSERT_EQ(evidence["collateral"].size(), 1u);
  EXPECT_EQ(evidence["collateral"][0]["sha256"], std::string(64, '0'));
  EXPECT_EQ(evidence["collateral"][0]["issued"], FormatRfc3339(sim::kNow - 1h));
  EXPECT_EQ(evidence["collateral"][0]["next_update"], FormatRfc3339(sim::kNow + 24h));
  EXPECT_EQ(evidence["collateral"][0]["brought_by"], "caller");
  EXPECT_EQ(evidence["caller_collateral"], "newest");
}

TEST(Tiers, AreThoseOfAr4si) {
  for (const auto& [value, tier] :
       {std::pair(0, Tier::kNone), std::pair(-1, Tier::kNone), std::pair(1, Tier::kNone),
        std::pair(2, Tier::kAffirming), std::pair(31, Tier::kAffirming), std::pair(-32, Tier::kAffirming),
        std::pair(-2, Tier::kAffirming), std::pair(32, Tier::kWarning), std::pair(95, Tier::kWarning),
        std::pair(-33, Tier::kWarning), std::pair(-96, Tier::kWarning), std::pair(96, Tier::kContraindicated),
        std::pair(127, Tier::kContraindicated), std::pair(-97, Tier::kContraindicated),
        std::pair(-128, Tier::kContraindicated)}) {
    EXPECT_EQ(TierOf(value), tier) << value;
  }
}

}  // namespace
}  // namespace thimble
