// SPDX-License-Identifier: Apache-2.0
//
// What ties an endorsement and a policy to a report, and what of it a policy and a baseline ask.
#include "tcb/uvm/container.h"

#include <gtest/gtest.h>

#include "tcb/amd/verify.h"
#include "tcb/check.h"
#include "tcb/policy.h"
#include "tests/support/sim_uvm.h"

namespace thimble::uvm {
namespace {

struct World {
  sim::SimAmd amd = sim::SimAmd::Make();
  sim::SimUvm uvm = sim::SimUvm::Make();
  sim::SnpPlatform platform = sim::SnpPlatform::Of(amd::Product::kMilan);
  Bytes measurement = Bytes(48, 0x5a), policy = {'p', 'a', 'c', 'k', 'a', 'g', 'e'};

  Bytes Endorsement(sim::UvmSpec spec = {}) const {
    spec.measurement = measurement;
    return uvm.Endorsement(spec);
  }
  Verdict Report() const {
    sim::ReportSpec spec;
    spec.bend = [this](Bytes& report) {
      std::ranges::copy(measurement, report.begin() + 0x90);
      std::ranges::copy(Sha256(policy).view(), report.begin() + 0xc0);
    };
    auto verdict = amd::VerifyReport(amd.Report(platform, spec), amd.Endorsements(platform), {},
                                     amd.Anchors(), amd.now(), AmdCrlMode::kRequire);
    EXPECT_TRUE(verdict.ok() && verdict->authentic);
    return *std::move(verdict);
  }
  Verdict Judge(const std::optional<Bytes>& endorsement, const std::optional<Bytes>& security_policy) const {
    Verdict verdict = Report();
    std::optional<Judged> judged;
    if (endorsement) judged = JudgeEndorsement(*endorsement, {}, nullptr).value();
    Beside beside{.endorsement = judged ? &*judged : nullptr, .security_policy = {}};
    if (security_policy) beside.security_policy = *security_policy;
    CheckContainer(verdict, beside);
    return verdict;
  }
};

std::string Hard(const Verdict& verdict) {
  EXPECT_EQ(verdict.authentic, verdict.hard() == nullptr);
  EXPECT_TRUE(verdict.hard() == nullptr || verdict.container == nullptr) << "claims of what fails";
  return verdict.hard() != nullptr ? std::string(CheckName(verdict.hard()->check)) : "";
}

TEST(Container, TheEndorsementIsTiedByItsMeasurement) {
  const World w;
  const Verdict good = w.Judge(w.Endorsement(), w.policy);
  EXPECT_EQ(Hard(good), "");
  EXPECT_EQ(good.container->endorsement->measurement.view()[0], 0x5a);
  EXPECT_EQ(good.container->security_policy, Sha256(w.policy));
  EXPECT_EQ(good.checks.Get(Check::kUvmMeasurement), CheckResult::kPassed);
  EXPECT_EQ(good.checks.Get(Check::kAciPolicy), CheckResult::kPassed);
  EXPECT_EQ(Hard(w.Judge(w.uvm.Endorsement(), w.policy)), "uvm.measurement") << "genuine, of another image";
  EXPECT_EQ(Hard(w.Judge({}, w.policy)), "");
  EXPECT_EQ(Hard(w.Judge({}, {})), "");
}

TEST(Container, ThePolicyIsTheOneThatHostDataHashes) {
  const World w;
  Bytes newline = w.policy;
  newline.push_back('\n');
  EXPECT_EQ(Hard(w.Judge({}, newline)), "aci.policy");
  EXPECT_EQ(Hard(w.Judge({}, Bytes())), "aci.policy") << "an empty policy is a policy";
}

// What is given is evidence: it fails the verdict, also where nobody asks for it.
TEST(Container, AnEndorsementThatFailsFailsTheVerdict) {
  const World w;
  sim::UvmSpec spec;
  spec.signature = [](Bytes& signature) { signature.front() ^= 1; };
  EXPECT_EQ(Hard(w.Judge(w.Endorsement(spec), {})), "uvm.signature");
}

TEST(Container, AReportThatFailsIsLeftAsItIs) {
  const World w;
  Verdict verdict = w.Report();
  verdict.authentic = false;
  verdict.findings.push_back({Check::kSnpSignature, Severity::kHard, ""});
  const Judged judged = JudgeEndorsement(w.uvm.Endorsement(), {}, nullptr).value();
  CheckContainer(verdict, {.endorsement = &judged, .security_policy = {}});
  EXPECT_EQ(Hard(verdict), "snp.signature");
}

TEST(Container, AKnownPolicyThatAllowsEverythingIsNoted) {
  const World w;
  Verdict verdict = w.Report();
  auto& claims = std::get<amd::SnpClaims>(verdict.claims);
  CheckContainer(verdict, {});
  EXPECT_NE(verdict.checks.Get(Check::kAciPolicyAllowsAll), CheckResult::kFailed);
  claims.host_data =
      decltype(claims.host_data)::FromHex("73973b78d70cc68353426de188db5dfc57e5b766e399935fb73a61127ea26d20")
          .value();
  CheckContainer(verdict, {});
  EXPECT_EQ(verdict.checks.Get(Check::kAciPolicyAllowsAll), CheckResult::kFailed);
  EXPECT_EQ(verdict.findings.back().severity, Severity::kNote);
}

// The first rule on the utility VM that does not hold, or "".
std::string Rule(const Verdict& verdict, const UvmRules& rules) {
  Policy policy;
  policy.uvm = rules;
  for (const RuleOutcome& rule : Appraise(verdict, policy, verdict.at).rules) {
    if (!rule.ok && rule.rule.starts_with("uvm.")) return rule.rule;
  }
  return "";
}

TEST(UvmRules, IssuerFeedAndSvnAreAskedOfWhatIsThere) {
  const World w;
  const Verdict verdict = w.Judge(w.Endorsement(), {}), without = w.Judge({}, {});
  UvmRules rules;
  EXPECT_EQ(Rule(verdict, rules), "uvm.issuer") << "Microsoft's alone, by default";
  EXPECT_EQ(Rule(without, rules), "");
  rules.accepted = {w.uvm.Accepted(104)};
  EXPECT_EQ(Rule(verdict, rules), "");
  rules.accepted = {w.uvm.Accepted(105)};
  EXPECT_EQ(Rule(verdict, rules), "uvm.min_svn");
  rules.accepted.push_back(w.uvm.Accepted(104));
  EXPECT_EQ(Rule(verdict, rules), "") << "either";
  rules.accepted = {w.uvm.Accepted(104)};
  rules.accepted[0].feed = "ConfAKS-AMD-UVM";
  EXPECT_EQ(Rule(verdict, rules), "uvm.feed");
  // A feed of another issuer is not this one's.
  AcceptedUvm other = w.uvm.Accepted(104);
  other.issuer += "x";
  rules.accepted.push_back(other);
  EXPECT_EQ(Rule(verdict, rules), "uvm.feed");
  rules.accepted = {w.uvm.Accepted(104)};
  rules.required = true;
  EXPECT_EQ(Rule(verdict, rules), "");
  EXPECT_EQ(Rule(without, rules), "uvm.required");
}

TEST(UvmRules, ABaselineAsksForAMinimumOfEachFeed) {
  const World w;
  const auto with = [&](const SvnMinimums& minimums) {
    Verdict verdict = w.Judge(w.Endorsement(), {});
    ApplySvnMinimums(verdict, minimums);
    return verdict;
  };
  EXPECT_TRUE(with({}).shortfalls.empty());
  EXPECT_TRUE(with({{"ContainerPlat-AMD-UVM", 104}, {"ConfAKS-AMD-UVM", 900}}).shortfalls.empty());
  const Verdict below = with({{"ContainerPlat-AMD-UVM", 105}});
  ASSERT_EQ(below.shortfalls.size(), 1u);
  EXPECT_EQ(below.shortfalls[0].component, "uvm.svn");
  EXPECT_EQ(below.shortfalls[0].have, 104u);
  EXPECT_EQ(below.shortfalls[0].need, 105u);
  EXPECT_EQ(below.checks.Get(Check::kUvmSvn), CheckResult::kFailed);
  EXPECT_TRUE(below.authentic);
  Policy policy;
  policy.uvm.accepted = {w.uvm.Accepted()};
  policy.amd_floor = AmdFloorMode::kIfKnown;
  EXPECT_FALSE(Appraise(below, policy, below.at).accept) << "a soft finding that no rule answers for";
}

}  // namespace
}  // namespace thimble::uvm
