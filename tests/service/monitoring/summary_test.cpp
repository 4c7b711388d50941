// SPDX-License-Identifier: Apache-2.0
//
// The summary: what it says for people, and there and back as JSON.
#include "service/monitoring/summary.h"

#include <gtest/gtest.h>

#include "service/monitoring/verdict_hours.h"
#include "tcb/check.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

// Every member is something else than by default.
Summary Full() {
  Summary s;
  s.at = sim::kNow;
  s.version = "1.2.3";
  s.running_since = sim::kNow - Seconds(3600);
  s.ready = true;
  s.degraded = {{"audit", "1 records lost"}};
  s.items = {.fresh = 1, .due = 2, .stale = 3, .past_grace = 1, .failing = 2, .platforms = 7};
  s.worst = {"intel/crl/root", Freshness::kStale, sim::kNow - Seconds(60), sim::kNow + Seconds(60), "down"};
  s.upstreams = {{.vendor = "intel",
                  .url = "https://a/",
                  .answered = 3,
                  .failed = 2,
                  .refused = 1,
                  .last_answer = sim::kNow - Seconds(120),
                  .last_failure = sim::kNow - Seconds(60),
                  .last_error = "refused",
                  .behind = Seconds(86400),
                  .behind_item = "intel/tcb"}};
  s.baselines = {{.name = "default",
                  .version = 4,
                  .intel = "early",
                  .amd = "builtin",
                  .candidate = true,
                  .sgx = 17,
                  .tdx = 18}};
  s.policies = {{"default", std::string(64, 'a')}};
  s.coming = {{.tee = IntelTee::kTdx, .number = 21, .in_force = 20, .refused = 3, .kinds = 2, .unjudged = 1}};
  s.verdicts = {.since = sim::kNow - Seconds(60),
                .accepted = 9,
                .rejected = 2,
                .errors = 1,
                .statuses = {{"tdx UpToDate", 9}},
                .shortfalls = {{"sgx.00 below 10 (BIOS)", 2}},
                .causes = {{"policy.accepted_statuses", 2}}};
  s.registrations = 5;
  s.waiting = 1;
  s.damage = {"the store: torn"};
  s.audit = {7, 1, 2048, 4096, "no space"};
  s.certificate_end = sim::kNow + Seconds(86400);
  s.last_backup = sim::kNow - Seconds(7200);
  s.last_reload = sim::kNow - Seconds(30);
  s.refused_reload = "policy.format";
  return s;
}

Result<Summary> ThereAndBack(const Summary& summary) {
  std::string text;
  thimble::json::Writer writer(&text);
  WriteSummary(writer, summary);
  const auto document =
      thimble::json::Document::Parse(text, "summary", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  EXPECT_TRUE(document.ok()) << text;
  return ReadSummary((*document)->root());
}

TEST(Summary, SurvivesAsJson) {
  for (const Summary& summary : {Full(), Summary{}}) {
    const auto back = ThereAndBack(summary);
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_TRUE(*back == summary);
  }
}

// As it is read, wherever lines are broken.
std::string Flowing(const std::string& text) {
  std::string out;
  for (const char c : text) {
    const bool blank = c == ' ' || c == '\n';
    if (!blank || !out.ends_with(' ')) out += blank ? ' ' : c;
  }
  return out;
}

TEST(Summary, SaysEachThingAndFitsTheWidth) {
  for (const size_t width : {60u, 80u, 120u}) {
    const std::string text = SummaryText(Full(), width).text();
    for (const char* said :
         {"degraded", "1.2.3", "1 records lost", "intel/crl/root", "DOWN", "2 failed of 5", "default@4",
          "SGX 17", "TDX 18", "default@aaaaaaaaaaaa", "9 accepted", "2 rejected", "sgx.00", "5 platforms",
          "1 LOST", "2h ago", "policy.format", "thimble impact", "torn"})
      EXPECT_NE(Flowing(text).find(said), std::string::npos) << said << "\n" << text;
    size_t begin = 0;
    for (size_t end = text.find('\n'); end != std::string::npos;
         begin = end + 1, end = text.find('\n', begin))
      EXPECT_LE(end - begin, width) << text.substr(begin, end - begin);
  }
}

TEST(Summary, IsHelplessWhenNothingIsHeldAndNobodyAnswers) {
  Summary s;
  s.at = sim::kNow;
  EXPECT_FALSE(s.helpless()) << "no upstream is configured: it is to be imported";
  s.upstreams.resize(2);
  s.upstreams[0].last_failure = s.upstreams[1].last_failure = sim::kNow;
  EXPECT_TRUE(s.helpless());
  EXPECT_NE(SummaryText(s, 80).text().find("NOTHING TO SERVE"), std::string::npos);
  s.upstreams[1].last_answer = sim::kNow;
  EXPECT_FALSE(s.helpless()) << "one answers";
  s.upstreams[1].last_answer.reset();
  s.items.platforms = 1;
  EXPECT_FALSE(s.helpless()) << "something is held";
}

TEST(VerdictHours, ForgetAfterADay) {
  VerdictHours verdicts(sim::kNow);
  VerificationOutcome outcome;
  outcome.decision.accept = true;
  verdicts.Record(outcome, sim::kNow);
  EXPECT_EQ(verdicts.LastDay(sim::kNow).total.accepted, 1u);
  const Instant later = sim::kNow + Seconds(23 * 3600);
  verdicts.Record(outcome, later);
  EXPECT_EQ(verdicts.LastDay(later).total.accepted, 2u);
  EXPECT_EQ(verdicts.LastDay(later + Seconds(3600)).total.accepted, 1u);
  EXPECT_EQ(verdicts.LastDay(later + Seconds(48 * 3600)).total.accepted, 0u);
  EXPECT_EQ(verdicts.LastDay(sim::kNow).since, sim::kNow) << "not before the start";
  EXPECT_EQ(verdicts.LastDay(later + Seconds(48 * 3600)).since, later + Seconds(25 * 3600));
}

// The page and the summary count the same.
TEST(VerdictHours, AreWhatTheSummarySays) {
  VerdictHours verdicts(sim::kNow);
  VerificationOutcome accepted;
  accepted.decision.accept = true;
  accepted.verdict.authentic = true;
  accepted.verdict.tcb_status = TcbStatus::kUpToDate;
  VerificationOutcome rejected;
  rejected.verdict.findings.push_back({Check::kQuoteSignature, Severity::kHard, "forged"});
  VerificationOutcome none;
  none.error = Error{ErrorKind::kUnavailable, Check::kCollateralMissing, "missing"};
  for (const VerificationOutcome* outcome : {&accepted, &accepted, &rejected, &none})
    verdicts.Record(*outcome, sim::kNow);
  const VerdictDay day = verdicts.LastDay(sim::kNow);
  const Summary::Verdicts said = VerdictsOf(day);
  EXPECT_EQ(said.accepted, day.total.accepted);
  EXPECT_EQ(said.rejected, day.total.rejected);
  EXPECT_EQ(said.errors, day.total.unavailable);
  EXPECT_EQ(said.accepted + said.rejected + said.errors, 4u);
  const std::vector<Summary::Count> statuses = {{"sgx UpToDate", 2}, {"sgx not authentic", 1}};
  EXPECT_EQ(said.statuses, statuses);
  EXPECT_EQ(said.causes, (std::vector<Summary::Count>{{"quote.signature", 1}}));
}

}  // namespace
}  // namespace thimble
