// SPDX-License-Identifier: Apache-2.0
#include "cache/freshness.h"

#include <gtest/gtest.h>

#include <set>

#include "cache/jitter.h"

namespace thimble {
namespace {

using std::chrono::hours;

// An item issued at day 0 and good for 30 days.
constexpr Instant kIssued{hours(24) * 20'000};
constexpr Instant Day(double days) { return kIssued + Seconds(static_cast<int64_t>(days * 86'400)); }
FreshnessInput Checked(double day, Renewal renewal = Renewal::kHalfLife) {
  return {.window = {kIssued, Day(30)}, .fetched = Day(day), .last_check = Day(day), .renewal = renewal};
}
Freshness At(const FreshnessInput& input, double day) {
  return JudgeFreshness(input, {}, Day(day)).freshness;
}

// Jitter takes up to a tenth of an interval, so each limit is tried on both sides of that tenth.
TEST(Freshness, DueFromHalfOfTheValidity) {
  const FreshnessInput input = Checked(0);
  EXPECT_EQ(At(input, 13.4), Freshness::kFresh);
  EXPECT_EQ(At(input, 15), Freshness::kRefreshDue);
  EXPECT_EQ(At(input, 30), Freshness::kRefreshDue);
}

TEST(Freshness, StalePastNextUpdateNotAtIt) {
  for (const Renewal renewal : {Renewal::kDaily, Renewal::kHalfLife, Renewal::kNever}) {
    const FreshnessInput input = Checked(0, renewal);
    EXPECT_NE(JudgeFreshness(input, {}, Day(30)).freshness, Freshness::kStale);
    EXPECT_EQ(JudgeFreshness(input, {}, Day(30) + Seconds(1)).freshness, Freshness::kStale);
  }
}

TEST(Freshness, AnItemFetchedBeforeTheMiddleIsDueThere) {
  const FreshnessInput input = Checked(10);
  EXPECT_EQ(At(input, 14.4), Freshness::kFresh);
  EXPECT_EQ(At(input, 15), Freshness::kRefreshDue);
}

TEST(Freshness, AfterTheMiddleDueAgainAtHalfOfWhatIsLeft) {
  const FreshnessInput input = Checked(20);
  EXPECT_EQ(At(input, 24.4), Freshness::kFresh);
  EXPECT_EQ(At(input, 25), Freshness::kRefreshDue);
}

TEST(Freshness, WhatIsReSignedDailyIsDueAfterMaxAgeFromTheLastCheck) {
  const FreshnessInput daily = Checked(3, Renewal::kDaily);
  EXPECT_EQ(At(daily, 3.89), Freshness::kFresh);
  EXPECT_EQ(At(daily, 4), Freshness::kRefreshDue);
  EXPECT_EQ(JudgeFreshness(daily, {hours(12)}, Day(3.5)).freshness, Freshness::kRefreshDue);
  EXPECT_EQ(At(Checked(3, Renewal::kHalfLife), 4), Freshness::kFresh);
}

TEST(Freshness, MaxAgeDoesNotOutliveHalfOfWhatIsLeft) {
  const FreshnessInput daily = Checked(29, Renewal::kDaily);
  EXPECT_EQ(At(daily, 29.44), Freshness::kFresh);
  EXPECT_EQ(At(daily, 29.5), Freshness::kRefreshDue);
}

TEST(Freshness, ACheckThatBroughtNothingIsNotRepeatedWithinTenMinutes) {
  FreshnessInput input = Checked(20);
  input.last_check = Day(30) - Seconds(600);  // half of what is left: 300 s
  EXPECT_EQ(JudgeFreshness(input, {}, Day(30) - Seconds(1)).freshness, Freshness::kFresh);
  input.fetched = input.last_check;  // the same moment, but it brought something
  EXPECT_EQ(JudgeFreshness(input, {}, Day(30) - Seconds(300)).freshness, Freshness::kRefreshDue);
}

TEST(Freshness, DueBeforeTheIssuerChainEnds) {
  FreshnessInput input = Checked(0);
  input.chain_end = Day(10);
  EXPECT_EQ(At(input, 4.4), Freshness::kFresh);
  EXPECT_EQ(At(input, 5), Freshness::kRefreshDue);
  EXPECT_EQ(At(input, 11), Freshness::kRefreshDue) << "past nextUpdate alone is stale";
}

TEST(Freshness, AVcekIsGoodUntilNotAfter) {
  const FreshnessInput input = Checked(0, Renewal::kNever);
  EXPECT_EQ(At(input, 30), Freshness::kRefreshDue) << "only its last second";
  EXPECT_EQ(At(input, 29.9), Freshness::kFresh);
}

TEST(Freshness, NextRefreshIsWhenItBecomesDue) {
  const FreshnessInput input = Checked(2, Renewal::kDaily);
  const Instant due = JudgeFreshness(input, {}, Day(2)).next_refresh;
  EXPECT_EQ(JudgeFreshness(input, {}, due - Seconds(1)).freshness, Freshness::kFresh);
  EXPECT_EQ(JudgeFreshness(input, {}, due).freshness, Freshness::kRefreshDue);
}

TEST(Freshness, SeedsSpreadTheDueTimesAndOnlyForward) {
  std::set<Instant> due;
  for (uint64_t seed = 0; seed < 50; ++seed) {
    FreshnessInput input = Checked(2, Renewal::kDaily);
    input.jitter_seed = seed;
    const Instant at = JudgeFreshness(input, {}, Day(2)).next_refresh;
    EXPECT_LE(at, Day(3));
    EXPECT_GE(at, Day(2.9));
    due.insert(at);
    EXPECT_EQ(JudgeFreshness(input, {}, Day(2)).next_refresh, at);
  }
  EXPECT_GT(due.size(), 40u);
}

TEST(Freshness, OddTimesAreJudgedToo) {
  FreshnessInput before = Checked(-5);  // fetched before it was issued: the clock was wrong
  EXPECT_EQ(At(before, -5), Freshness::kFresh);
  FreshnessInput after = Checked(40);
  EXPECT_EQ(At(after, 41), Freshness::kStale);
  EXPECT_LE(JudgeFreshness(after, {}, Day(41)).next_refresh, Day(40));
}

TEST(Freshness, Names) {
  EXPECT_EQ(FreshnessName(Freshness::kFresh), "fresh");
  EXPECT_EQ(FreshnessName(Freshness::kRefreshDue), "refresh-due");
  EXPECT_EQ(FreshnessName(Freshness::kStale), "stale");
}

TEST(Jitter, ShortIntervalsStay) {
  EXPECT_EQ(Shorten(Seconds(0), 7), Seconds(0));
  EXPECT_EQ(Shorten(Seconds(9), 7), Seconds(9));
  EXPECT_EQ(Shorten(Seconds(-5), 7), Seconds(-5));
}

}  // namespace
}  // namespace thimble
