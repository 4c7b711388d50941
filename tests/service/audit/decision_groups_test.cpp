// SPDX-License-Identifier: Apache-2.0
//
// What becomes of decisions on their way into the trail: equal ones are counted, rejections have a budget, what was given
// to somebody is recorded by itself.
#include "service/audit/decision_groups.h"

#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "service/audit/audit_check.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/sim_intel.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using nlohmann::json;
using std::chrono::seconds;

constexpr size_t kMostGroups = 5, kMostClients = 4;

Instant SomeTime() { return sim::kNow; }

class DecisionGroupsTest : public testing::Test {
 protected:
  DecisionGroupsTest() { Open(); }
  void Open(AuditConfig config = {}) {
    config.directory = directory_;
    groups_.reset();
    log_.reset();
    log_ = AuditLog::Open(config, SomeTime).value();
    groups_ =
        std::make_unique<DecisionGroups>(*log_, DecisionGroups::Clocks{SomeTime, [this] { return now_; }},
                                         DecisionBudgets{{1, 3}, {2, 6}, kMostGroups, kMostClients});
  }
  // Everything that makes a decision another is in `what`.
  DecisionRecord Decision(const std::string& what, bool accepted) {
    DecisionRecord record;
    record.request = StrCat("request ", ++asked_);
    record.client = "192.0.2.1";
    record.evidence = Sha256(AsBytes(what));
    record.own = StrCat(R"("kind":"decision","request":")", record.request, '"');
    record.shared = StrCat(R"("what":")", what, '"');
    record.accepted = accepted;
    record.cause = accepted ? "" : "quote.signature";
    return record;
  }
  void Accept(const std::string& what) { EXPECT_TRUE(groups_->Add(Decision(what, true)).ok()); }
  void Reject(const std::string& what, const std::string& client = "192.0.2.1") {
    DecisionRecord record = Decision(what, false);
    record.client = client;
    EXPECT_TRUE(groups_->Add(record).ok());
  }
  void Over() {
    now_ += seconds(60);
    groups_->Close(DecisionGroups::Which::kOver);
  }
  // All that was written of this kind; closed first.
  std::vector<json> Records(std::string_view kind) {
    if (groups_) groups_->Close(DecisionGroups::Which::kAll);
    groups_.reset();
    log_.reset();
    EXPECT_TRUE(CheckAudit(AuditFiles(directory_), std::nullopt).ok());
    std::vector<json> records;
    for (const std::string& path : AuditFiles(directory_)) {
      std::ifstream in(path);
      for (std::string line; std::getline(in, line);) {
        if (json record = json::parse(line); record["kind"] == kind) records.push_back(std::move(record));
      }
    }
    return records;
  }
  // Decisions of every record of one, and of those that are counted.
  uint64_t Counted() {
    uint64_t sum = Records("decision").size();
    for (const json& record : Records("repeated")) sum += record["count"].get<uint64_t>();
    for (const json& record : Records("rejections")) sum += record["count"].get<uint64_t>();
    return sum;
  }

  test::TempDir files_;
  const std::string directory_ = files_ / "audit";
  TokenBucket::Time now_{seconds(1000)};
  int asked_ = 0;
  std::unique_ptr<AuditLog> log_;
  std::unique_ptr<DecisionGroups> groups_;
};

TEST_F(DecisionGroupsTest, EqualOnesOfAMinuteAreOneRecordAndItsCount) {
  for (int i = 0; i < 1000; ++i) Accept("a");
  EXPECT_EQ(groups_->totals().repeated, 999u);
  ASSERT_EQ(Records("decision").size(), 1u);
  const auto repeated = Records("repeated");
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0]["count"], 999);
  EXPECT_EQ(repeated[0]["of"], "request 1");
  EXPECT_EQ(repeated[0]["client"], "192.0.2.1");
  EXPECT_EQ(repeated[0]["evidence_sha256"], Sha256(AsBytes(std::string_view("a"))).hex());
  EXPECT_EQ(repeated[0]["decision"], "accept");
  EXPECT_EQ(repeated[0]["last"], "2026-06-01T00:00:00Z");
}

TEST_F(DecisionGroupsTest, WhatDiffersOrComesLaterIsAnotherRecord) {
  Accept("a");
  Accept("b");
  now_ += seconds(59);
  Accept("a");
  now_ += seconds(1);
  Accept("a");
  EXPECT_EQ(Records("decision").size(), 3u);
  const auto repeated = Records("repeated");
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0]["of"], "request 1");
  EXPECT_EQ(repeated[0]["count"], 1);
}

TEST_F(DecisionGroupsTest, TheFirstIsWrittenAtOnceAndTheCountWhenTheMinuteIsOver) {
  Accept("a");
  Accept("a");
  groups_->Close(DecisionGroups::Which::kOver);
  ASSERT_TRUE(log_->AppendDurably("\"kind\":\"mark\"").ok());
  EXPECT_EQ(log_->state().last_seq, 2u);
  Over();
  ASSERT_TRUE(log_->AppendDurably("\"kind\":\"mark\"").ok());
  EXPECT_EQ(log_->state().last_seq, 4u);
  EXPECT_EQ(Records("repeated").size(), 1u);
}

TEST_F(DecisionGroupsTest, WhatUsedANonceOrGaveATokenIsNeverCountedWithAnother) {
  for (int i = 0; i < 20; ++i) {
    DecisionRecord record = Decision("a", i % 2 == 0);
    record.gave = true;
    EXPECT_TRUE(groups_->Add(record).ok());
    EXPECT_EQ(log_->state().last_seq, uint64_t(i) + 1) << "on the disk before it is answered";
  }
  EXPECT_EQ(groups_->totals().repeated, 0u);
  EXPECT_EQ(groups_->totals().summarised, 0u);
  EXPECT_EQ(Records("decision").size(), 20u);
}

TEST_F(DecisionGroupsTest, RejectionsBeyondTheBudgetOfAClientAreSummarised) {
  for (int i = 0; i < 10; ++i) Reject(StrCat("forged ", i));
  Reject("forged 9", "192.0.2.2");
  for (int i = 0; i < 10; ++i) Accept(StrCat("good ", i));
  EXPECT_EQ(groups_->totals().summarised, 7u);
  EXPECT_EQ(Records("decision").size(), 3u + 1 + 10) << "acceptances have no budget";
  const auto summaries = Records("rejections");
  ASSERT_EQ(summaries.size(), 1u);
  EXPECT_EQ(summaries[0]["count"], 7);
  EXPECT_EQ(summaries[0]["clients"], json::parse(R"({"192.0.2.1": 7})"));
  EXPECT_EQ(summaries[0]["causes"], json::parse(R"({"quote.signature": 7})"));
  EXPECT_EQ(summaries[0]["since"], "2026-06-01T00:00:00Z");
}

TEST_F(DecisionGroupsTest, ABudgetFillsUpAgainAndAnIpv6NetworkHasOne) {
  for (int i = 0; i < 4; ++i) Reject(StrCat("forged ", i), StrCat("2001:db8::", i));
  EXPECT_EQ(groups_->totals().summarised, 1u);
  now_ += seconds(1);
  Reject("another", "2001:db8::9");
  EXPECT_EQ(groups_->totals().summarised, 1u);
  Reject("and another", "2001:db8::9");
  EXPECT_EQ(groups_->totals().summarised, 2u);
}

TEST_F(DecisionGroupsTest, AllClientsTogetherHaveABudget) {
  for (int i = 0; i < 9; ++i) Reject(StrCat("forged ", i), StrCat("192.0.2.", i % 3));
  EXPECT_EQ(groups_->totals().summarised, 3u);
  EXPECT_EQ(Counted(), 9u);
}

TEST_F(DecisionGroupsTest, OneSummaryAMinuteNamesAFewClients) {
  for (int minute = 0; minute < 2; ++minute) {
    for (int i = 0; i < 200; ++i) Reject(StrCat("forged ", minute, " ", i), StrCat("192.0.2.", i));
    Over();
  }
  const auto summaries = Records("rejections");
  ASSERT_EQ(summaries.size(), 2u);
  EXPECT_EQ(summaries[0]["clients"].size(), 32u);
  EXPECT_GT(summaries[0]["of_other_clients"], 100);
  EXPECT_EQ(Counted(), 400u) << "none is missing";
}

// A trail that is full, where nothing may go unrecorded.
TEST_F(DecisionGroupsTest, WhatIsOnlyCountedIsRefusedTooWhenNothingCanBeWritten) {
  AuditConfig config;
  config.max_file_mib = 1;
  config.max_total_mib = 2;
  config.on_failure = AuditConfig::OnFailure::kRefuse;
  Open(config);
  Accept("a");
  for (int i = 0; i < 3; ++i) Reject(StrCat("forged ", i));
  const std::string mebibyte = "\"kind\":\"pad\",\"pad\":\"" + std::string(1u << 20, 'x') + '"';
  for (int i = 0; i < 2; ++i) ASSERT_TRUE(log_->AppendDurably(mebibyte, AuditLog::Room::kBeyondLimit).ok());
  DecisionRecord token = Decision("a", true);
  token.gave = true;
  EXPECT_EQ(groups_->Add(token).error().check, Check::kStoreIo);
  EXPECT_EQ(groups_->Add(Decision("a", true)).error().check, Check::kStoreIo) << "a repetition";
  EXPECT_EQ(groups_->Add(Decision("beyond the budget", false)).error().check, Check::kStoreIo);
  EXPECT_EQ(groups_->totals().repeated, 0u);
  EXPECT_EQ(groups_->totals().summarised, 0u);
}

TEST_F(DecisionGroupsTest, MemoryIsBoundedAndNothingIsLostByThat) {
  for (int round = 0; round < 3; ++round) {
    for (size_t i = 0; i < kMostGroups + 1; ++i) {
      Accept(StrCat("a ", i));
      Accept(StrCat("a ", i));
    }
  }
  EXPECT_EQ(Counted(), 2 * 3 * (kMostGroups + 1));
}

TEST_F(DecisionGroupsTest, MoreClientsThanAreKeptHaveNoBudgetUntilOthersAreForgotten) {
  for (size_t i = 0; i < kMostClients; ++i) Reject(StrCat("forged ", i), StrCat("192.0.2.", i));
  Reject("one more", "192.0.2.100");
  EXPECT_EQ(groups_->totals().summarised, 1u);
  now_ += seconds(10);
  Reject("one more", "192.0.2.100");
  EXPECT_EQ(groups_->totals().summarised, 1u);
}

}  // namespace
}  // namespace thimble
