// SPDX-License-Identifier: Apache-2.0
#include "tests/tcb/policy/rule_table.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "tcb/check.h"
#include "tests/support/paths.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

class RuleTable : public testing::TestWithParam<RuleRow> {};

TEST_P(RuleTable, AcceptsTheGoodAndRefusesTheBent) {
  const RuleRow& row = GetParam();
  Policy policy;
  row.ask(policy);
  ASSERT_TRUE(Validate(policy).ok()) << Validate(policy).error().message;

  const Decision good = Appraise(row.good, policy, kPolicyNow);
  EXPECT_TRUE(good.accept) << testing::PrintToString(FailedRules(good));
  const RuleOutcome* outcome = FindRule(good, row.rule);
  ASSERT_NE(outcome, nullptr) << row.rule;
  if (!row.wanted.empty()) {
    EXPECT_EQ(outcome->wanted, row.wanted);
  }
  if (!row.found.empty()) {
    EXPECT_EQ(outcome->found, row.found);
  }

  Verdict bent = row.good;
  row.bend(bent);
  const Decision refused = Appraise(bent, policy, kPolicyNow);
  EXPECT_FALSE(refused.accept);
  EXPECT_EQ(FailedRules(refused), std::vector{row.rule});
  if (!row.found_bent.empty()) {
    EXPECT_EQ(FindRule(refused, row.rule)->found, row.found_bent);
  }
}

TEST_P(RuleTable, WantedAndFoundAreJson) {
  const RuleRow& row = GetParam();
  Policy policy;
  row.ask(policy);
  Verdict bent = row.good;
  row.bend(bent);
  for (const Verdict& verdict : {row.good, bent}) {
    for (const RuleOutcome& outcome : Appraise(verdict, policy, kPolicyNow).rules) {
      EXPECT_TRUE(nlohmann::json::accept(outcome.wanted)) << outcome.rule << ": " << outcome.wanted;
      EXPECT_TRUE(nlohmann::json::accept(outcome.found)) << outcome.rule << ": " << outcome.found;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, RuleTable, testing::ValuesIn(AllRows()), [](const auto& info) {
  std::string name = std::to_string(info.index) + "_" + info.param.rule + "_" + info.param.side;
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  return name;
});

std::set<std::string> RulesIn(const Decision& decision) {
  std::set<std::string> out;
  for (const RuleOutcome& outcome : decision.rules) out.insert(outcome.rule);
  return out;
}

TEST(DefaultPolicy, ListsOnlyWhatItAsks) {
  const std::set<std::string> intel = {"authentic",   "accepted_statuses", "min_tcb_evaluation",
                                       "allow_debug", "collateral_grace",  "no_findings"};
  EXPECT_EQ(RulesIn(Appraise(GoodSgx(), Policy{}, kPolicyNow)), intel);
  std::set<std::string> tdx = intel;
  tdx.insert({"tdx.allow_migratable", "tdx.allow_reserved_attributes"});
  EXPECT_EQ(RulesIn(Appraise(GoodTdx15(), Policy{}, kPolicyNow)), tdx);
  const std::set<std::string> amd = {
      "authentic", "accepted_statuses", "allow_debug",      "allow_migration", "amd_floor",
      "amd_level", "allow_stale_floor", "collateral_grace", "no_findings",     "snp.allow_masked_chip_id"};
  EXPECT_EQ(RulesIn(Appraise(GoodSnp(), Policy{}, kPolicyNow)), amd);
}

// docs/POLICIES.md has a row for each rule, and each rule has rows here.
TEST(RuleTable, IsWhatTheManualSays) {
  std::ifstream file(test::SourceDir() / "docs/POLICIES.md");
  ASSERT_TRUE(file.good());
  std::set<std::string> documented;
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("| `")) documented.insert(line.substr(3, line.find('`', 3) - 3));
  }
  std::set<std::string> tested;
  for (const RuleRow& rule : AllRows()) tested.insert(rule.rule);
  EXPECT_EQ(documented, tested);
}

// Every rule also stands evidence that makes no claims at all: found is null, and nothing passes by absence.
TEST(RuleTable, NothingPassesByAbsence) {
  for (const RuleRow& row : AllRows()) {
    if (row.rule.find('.') == std::string::npos) continue;
    // Asked of an endorsement that is there; that one is there, uvm.required asks.
    if (row.rule.starts_with("uvm.") && row.rule != "uvm.required") continue;
    Policy policy;
    row.ask(policy);
    Verdict verdict = row.good;
    verdict.container = nullptr;
    verdict.claims = std::monostate();
    verdict.platform = std::monostate();
    verdict.hcl = nullptr;
    verdict.tpm = nullptr;
    verdict.vbs = nullptr;
    verdict.crl_issued = verdict.tcb_info_issued = verdict.qe_identity_issued = std::nullopt;
    const Decision decision = Appraise(verdict, policy, kPolicyNow);
    const RuleOutcome* outcome = FindRule(decision, row.rule);
    if (outcome == nullptr) {
      EXPECT_TRUE(FindRule(decision, "snp.chip_id") != nullptr && !decision.accept)
          << row.rule << " " << row.side;
      continue;
    }
    // No PCR of those that are required; and nothing that certifies the key is what a permission is asked for.
    const std::string nothing = row.rule.starts_with("tpm.required_pcrs") ? "[]"
                                : row.rule == "tpm.allow_uncertified_ak"  ? "true"
                                                                          : "null";
    EXPECT_EQ(outcome->found, nothing) << row.rule << " " << row.side;
    EXPECT_FALSE(outcome->ok) << row.rule << " " << row.side;
  }
}

// A note rejects nothing by itself; the same finding, soft and with no rule for it, does.
TEST(Findings, NotesNeedNoRule) {
  for (const Check check : {Check::kQuoteTrailingBytes, Check::kTrustAnchorExtra, Check::kTdxServiceTd,
                            Check::kTdxSeptVeDisableClear, Check::kQeTcb}) {
    Verdict verdict = GoodTdx15();
    verdict.findings = {{check, Severity::kNote, "noted"}};
    EXPECT_TRUE(Appraise(verdict, Policy{}, kPolicyNow).accept) << CheckName(check);
    verdict.findings.front().severity = Severity::kSoft;
    EXPECT_EQ(FailedRules(Appraise(verdict, Policy{}, kPolicyNow)), std::vector<std::string>{"no_findings"});
  }
}

TEST(Advisories, CountWhileTheyAreInForce) {
  Policy policy;
  policy.accepted_advisories = {{"INTEL-SA-00657", kPolicyNow}, {"INTEL-SA-00767", std::nullopt}};
  EXPECT_TRUE(Appraise(GoodSgx(), policy, kPolicyNow).accept);
  EXPECT_EQ(FailedRules(Appraise(GoodSgx(), policy, kPolicyNow + 1s)),
            std::vector<std::string>{"accepted_advisories"});

  policy.accepted_advisories.reset();
  policy.rejected_advisories = {{"INTEL-SA-00657", kPolicyNow}};
  EXPECT_EQ(FailedRules(Appraise(GoodSgx(), policy, kPolicyNow)),
            std::vector<std::string>{"rejected_advisories"});
  EXPECT_TRUE(Appraise(GoodSgx(), policy, kPolicyNow + 1s).accept);
}

TEST(Advisories, AnEmptyListAcceptsNone) {
  Policy policy;
  policy.accepted_advisories.emplace();
  EXPECT_FALSE(Appraise(GoodSgx(), policy, kPolicyNow).accept);
  Verdict verdict = GoodSgx();
  verdict.advisories.clear();
  EXPECT_TRUE(Appraise(verdict, policy, kPolicyNow).accept);
}

TEST(Statuses, EachIsAcceptedWhenListedButRevoked) {
  for (size_t i = 0; i < kTcbStatusCount; ++i) {
    const auto status = static_cast<TcbStatus>(i);
    Verdict verdict = GoodSgx();
    verdict.tcb_status = status;
    Policy policy;
    policy.accepted_statuses = {status};
    EXPECT_EQ(Appraise(verdict, policy, kPolicyNow).accept, status != TcbStatus::kRevoked)
        << TcbStatusName(status);
  }
}

TEST(PlatformGrace, ForgivesOutOfDateAlone) {
  Policy policy;
  policy.accepted_statuses = {TcbStatus::kUpToDate, TcbStatus::kConfigurationNeeded};
  policy.platform_grace = 24h * 100;
  Verdict verdict = GoodSgx();
  verdict.tcb_status = TcbStatus::kOutOfDateConfigurationNeeded;
  EXPECT_TRUE(Appraise(verdict, policy, kPolicyNow).accept);
  EXPECT_EQ(FailedRules(Appraise(verdict, policy, kPolicyNow + 1s)),
            std::vector<std::string>{"platform_grace"});
  // What is not out of date needs no grace, however old its level.
  verdict.tcb_status = TcbStatus::kUpToDate;
  verdict.tcb_date = kPolicyNow - 24h * 1000;
  EXPECT_TRUE(Appraise(verdict, policy, kPolicyNow).accept);
}

TEST(PlatformGrace, IsNotForALocalFloor) {
  Policy policy;
  policy.platform_grace = 24h * 100;
  Verdict verdict = GoodSnp();
  verdict.tcb_status = TcbStatus::kOutOfDate;
  const Decision decision = Appraise(verdict, policy, kPolicyNow);
  EXPECT_EQ(FailedRules(decision), std::vector<std::string>{"accepted_statuses"});
  EXPECT_EQ(FindRule(decision, "platform_grace"), nullptr);
}

TEST(Overrides, HoldForTheirEvidence) {
  Policy policy;
  auto special = std::make_shared<Policy>(policy);
  special->accepted_statuses = {TcbStatus::kOutOfDate};
  policy.overrides[EvidenceClass::kTdx15] = special;
  Verdict td15 = GoodTdx15(), td10 = GoodTdx10();
  td15.tcb_status = td10.tcb_status = TcbStatus::kOutOfDate;
  EXPECT_TRUE(Appraise(td15, policy, kPolicyNow).accept);
  EXPECT_FALSE(Appraise(td10, policy, kPolicyNow).accept);
}

TEST(CollateralGrace, IsNoGraceBeforeTheWindow) {
  Verdict verdict = GoodSgx();
  verdict.findings.push_back({Check::kCrlRootExpired, Severity::kSoft, "before thisUpdate"});
  verdict.window.not_before = kPolicyNow + 1s;
  Policy policy;
  policy.collateral_grace = kUnlimitedGrace;
  const Decision decision = Appraise(verdict, policy, kPolicyNow);
  EXPECT_EQ(FailedRules(decision), std::vector<std::string>{"collateral_grace"});
  EXPECT_EQ(FindRule(decision, "collateral_grace")->wanted, "\"unlimited\"");
  EXPECT_EQ(FindRule(decision, "collateral_grace")->found, "\"before its window\"");
}

}  // namespace
}  // namespace thimble
