// SPDX-License-Identifier: Apache-2.0
#include "cache/freshness.h"

#include <gtest/gtest.h>

#include <random>
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

TEST(Freshness, WhatNoUpstreamHasConfirmedIsDueAtOnce) {
  FreshnessInput brought = Checked(3);
  brought.last_check = kNever;
  EXPECT_EQ(At(brought, 3), Freshness::kRefreshDue);
  EXPECT_EQ(At(brought, 31), Freshness::kStale);
  brought.renewal = Renewal::kNever;
  EXPECT_EQ(At(brought, 3), Freshness::kFresh) << "a VCEK does not change";
}

// -- Properties: a clock that was ahead, or comes from outside, hides nothing ----------------------------------------

class FreshnessProperty : public testing::Test {
 protected:
  // Days from `from` to `to`, to the second.
  Instant Between(double from, double to) {
    return Day(std::uniform_real_distribution<double>(from, to)(random_));
  }
  FreshnessInput Any() {
    return {.window = {kIssued, Between(1, 60)},
            .chain_end = Between(1, 600),
            .fetched = Between(-10, 500),
            .last_check = Between(-10, 500),
            .renewal = random_() % 2 == 0 ? Renewal::kDaily : Renewal::kHalfLife,
            .jitter_seed = random_()};
  }
  std::mt19937_64 random_{14};
};

TEST_F(FreshnessProperty, NothingIsFreshBecauseOfATimeAfterNow) {
  size_t ahead = 0;
  for (int i = 0; i < 100'000; ++i) {
    const FreshnessInput input = Any();
    const Instant now = Between(-5, 60);
    const FreshnessState state = JudgeFreshness(input, {}, now);
    FreshnessInput unconfirmed = input;
    unconfirmed.last_check = kNever;
    if (input.last_check > now || input.fetched > now) {
      ++ahead;
      ASSERT_NE(state.freshness, Freshness::kFresh);
      ASSERT_LE(state.next_refresh, now);
      ASSERT_EQ(state.freshness, JudgeFreshness(unconfirmed, {}, now).freshness) << "as if it were not there";
    } else if (state.freshness == Freshness::kFresh && input.renewal == Renewal::kDaily) {
      ASSERT_LT(now - input.last_check, FreshnessRules().max_age);
    }
  }
  EXPECT_GT(ahead, 50'000u);
}

// A clock that goes astray by up to 400 days for some hours, before a refresher that looks every ten minutes: from the
// second look after it is right again on, the vendor was asked within max_age, by the true time.
TEST_F(FreshnessProperty, AClockThatWasWrongCostsNoDetectionOnceItIsRight) {
  constexpr Seconds kLook{600};
  for (int run = 0; run < 500; ++run) {
    FreshnessInput input{.window = {kIssued, Day(30)}, .fetched = kIssued, .last_check = kIssued};
    Instant truly_checked = kIssued;
    const Instant right_from = Between(0.1, 2);
    Seconds astray{0};
    int looks_since = 0;
    for (Instant truth = kIssued; truth < Day(12); truth += kLook) {
      if (truth >= right_from) {
        astray = Seconds(0);
        ++looks_since;
      } else if (random_() % 10 == 0) {
        astray = Between(-400, 400) - kIssued;
      }
      const Instant now = truth + astray;
      if (looks_since > 1) {
        ASSERT_LE(truth - truly_checked, FreshnessRules().max_age + 2 * kLook) << run;
      }
      if (JudgeFreshness(input, {}, now).freshness == Freshness::kFresh) continue;
      input.last_check = now;  // the vendor has nothing newer
      input.fetched = std::min(input.fetched, now);
      truly_checked = truth;
    }
  }
}

TEST(HappenedWithin, NothingHappensInTheFuture) {
  constexpr Seconds kHour{3600};
  EXPECT_TRUE(HappenedWithin(kHour, Day(1), Day(1)));
  EXPECT_TRUE(HappenedWithin(kHour, Day(1), Day(1) + Seconds(3599)));
  EXPECT_FALSE(HappenedWithin(kHour, Day(1), Day(1) + kHour));
  EXPECT_FALSE(HappenedWithin(kHour, Day(1) + Seconds(1), Day(1)));
  EXPECT_FALSE(HappenedWithin(kHour, kNever, kNever + Seconds(1)));
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
