// SPDX-License-Identifier: Apache-2.0
//
// Refresh passes under a scripted clock.
#include "cache/refresher.h"

#include <gtest/gtest.h>

#include <set>

#include "tests/cache/refresh_world.h"

namespace thimble {
namespace {

using namespace test;
using Outcome = RefreshLine::Outcome;
using Urge = Refresher::Urge;

const CollateralKey kNumbersKey = EvaluationNumbersKey{IntelTee::kSgx};

CollateralKey TcbKey(std::string_view fmspc, Selector selector = {}) {
  return TcbInfoKey{IntelTee::kSgx, *intel::Fmspc::FromHex(fmspc), selector};
}
const CollateralKey kEarlyTcbKey = TcbKey(sim::kServerFmspc, {Selector::Kind::kEarly, 0});

const RefreshLine* LineOf(const RefreshReport& report, const CollateralKey& key) {
  const auto line = std::ranges::find(report.lines, key, &RefreshLine::key);
  return line == report.lines.end() ? nullptr : &*line;
}

std::string FmspcNumber(int i) {
  std::string hex = std::to_string(i);
  return std::string(12 - hex.size(), '0') + hex;
}

TEST(Refresher, LeavesAloneWhatIsFresh) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  const RefreshReport report = world.Pass();
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(report.not_due, 1u);
  EXPECT_TRUE(report.lines.empty());
  EXPECT_TRUE(world.asked.empty());
}

TEST(Refresher, OneOfFiftyThatFailsLeavesFortyNineRenewed) {
  RefreshWorld world;
  for (int i = 0; i < 50; ++i) ASSERT_TRUE(world.cache->Get(TcbKey(FmspcNumber(i)), world.now).ok());
  world.Pass();  // the early sets and the list of numbers
  world.Advance(hours(25));
  const CollateralKey bad = TcbKey(FmspcNumber(17));
  world.failing = {KeyName(bad)};
  const RefreshReport report = world.Pass();
  EXPECT_FALSE(report.complete());
  EXPECT_EQ(report.Count(Outcome::kFailed), 1u);
  ASSERT_NE(LineOf(report, bad), nullptr);
  EXPECT_EQ(LineOf(report, bad)->outcome, Outcome::kFailed);
  EXPECT_EQ(LineOf(report, bad)->reason, "connection refused");
  EXPECT_FALSE(LineOf(report, bad)->stale) << "it is held, and good for some weeks";
  size_t renewed = 0;
  for (int i = 0; i < 50; ++i) {
    const auto answer = world.cache->Peek(TcbKey(FmspcNumber(i)), world.now);
    renewed += answer && answer->fetched == world.now;
  }
  EXPECT_EQ(renewed, 49u);
  for (const CacheStatus& status : world.cache->Status(world.now)) {
    EXPECT_EQ(status.last_error, status.key == bad ? "connection refused" : "") << KeyName(status.key);
  }
}

TEST(Refresher, SaysThatNothingNewerIsKept) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  world.now += hours(25);  // Intel's clock stands still
  const RefreshReport report = world.Pass();
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_EQ(report.lines[0].outcome, Outcome::kKept);
  EXPECT_TRUE(report.complete());
}

TEST(Refresher, WhatStaysStaleIsNotComplete) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  world.now += hours(24 * 21);  // past its nextUpdate, and Intel has nothing newer
  const RefreshReport report = world.Pass();
  ASSERT_EQ(report.lines.size(), 1u);
  EXPECT_TRUE(report.lines[0].stale);
  EXPECT_FALSE(report.complete());
}

TEST(Refresher, AsksForWhatWasNotCheckedSince) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  world.Advance(hours(1));
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  const auto pass = [&](Instant since) {
    world.asked.clear();
    const RefreshReport report = world.refresher.Pass(world.now, Urge::kNow, world.stop, since);
    EXPECT_TRUE(report.complete());
    EXPECT_EQ(report.lines.size() + report.not_due, 2u);
    return world.asked;
  };
  const std::set<std::string> both{KeyName(kPckCrlKey), KeyName(kRootCrlKey)};
  EXPECT_TRUE(pass(kNever).empty());
  EXPECT_EQ(pass(world.now), std::set{KeyName(kRootCrlKey)});
  EXPECT_TRUE(pass(world.now).empty()) << "now it was";
  EXPECT_EQ(pass(Refresher::kAll), both);
  EXPECT_EQ(pass(Refresher::kAll), both) << "each time";
}

TEST(Refresher, AClockThatWasAheadOnceMakesEverythingDue) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  const Instant before = world.now;
  world.now += hours(24 * 400);
  (void)world.Pass();
  world.now = before + hours(2);
  world.Tick(hours(2));
  const RefreshReport report = world.Pass(Urge::kPatient);
  EXPECT_EQ(world.asked, (std::set{KeyName(kPckCrlKey), KeyName(kRootCrlKey)}));
  EXPECT_TRUE(report.complete());
  EXPECT_EQ(world.Pass(Urge::kPatient).not_due, 2u) << "and the clock is forgotten";
}

TEST(Refresher, AsksForThoseThatAreNamedDueOrNot) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kTdxTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(TcbKey(FmspcNumber(1)), world.now).ok());
  const auto fmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
  const auto keys = world.refresher.HeldOf(fmspc, world.now);
  const std::set<std::string> both{KeyName(kTcbKey), KeyName(kTdxTcbKey)};
  std::set<std::string> named;
  for (const CollateralKey& key : keys) named.insert(KeyName(key));
  EXPECT_EQ(named, both);
  EXPECT_TRUE(world.refresher.Holds(kTcbKey, world.now));
  EXPECT_FALSE(world.refresher.Holds(kIdentityKey, world.now));

  world.asked.clear();
  RefreshReport report = world.refresher.PassOver(keys, world.now, world.stop);
  EXPECT_EQ(world.asked, both);
  EXPECT_EQ(report.Count(Outcome::kKept), 2u);
  world.Advance(hours(1));
  EXPECT_EQ(world.refresher.PassOver(keys, world.now, world.stop).Count(Outcome::kRenewed), 2u);
  world.failing = {KeyName(kTcbKey)};
  for (int i = 0; i < 2; ++i) {  // whatever its back-off
    world.asked.clear();
    report = world.refresher.PassOver({kTcbKey}, world.now, world.stop);
    EXPECT_EQ(report.Count(Outcome::kFailed), 1u);
    EXPECT_EQ(world.asked.size(), 1u);
  }
}

TEST(Refresher, PatientPassesRespectTheBackOff) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  world.Advance(hours(25));
  world.failing = {KeyName(kRootCrlKey)};
  EXPECT_EQ(world.Pass(Urge::kPatient).Count(Outcome::kFailed), 1u);
  const RefreshReport again = world.Pass(Urge::kPatient);
  EXPECT_TRUE(world.asked.empty());
  ASSERT_NE(LineOf(again, kRootCrlKey), nullptr);
  EXPECT_EQ(LineOf(again, kRootCrlKey)->reason, "connection refused");
  EXPECT_EQ(world.Pass(Urge::kNow).Count(Outcome::kFailed), 1u);
  world.failing.clear();
  world.Tick(hours(1));
  EXPECT_EQ(world.Pass(Urge::kPatient).Count(Outcome::kRenewed), 1u);
}

// Both are due and may be asked for when the pass begins; while it asks for the first, the second fails elsewhere.
TEST(Refresher, APatientPassLooksAgainWhenTheTurnOfAnItemComes) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kRootCrlKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  world.Advance(hours(25));
  int asked = 0;
  world.upstream = [&](const CollateralKey& key) -> Result<FetchedBytes> {
    const CollateralKey& other = key == kRootCrlKey ? kPckCrlKey : kRootCrlKey;
    if (++asked == 1) {
      EXPECT_FALSE(world.cache->Refresh(other, world.now).ok());
    }
    return Unreachable();
  };
  EXPECT_EQ(world.Pass(Urge::kPatient).Count(Outcome::kFailed), 2u);
  EXPECT_EQ(asked, 2) << "each once";
}

TEST(Refresher, KeepsEarlyAndStandardAndTheNumbersOfWhatIsInUse) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  ASSERT_TRUE(world.cache->Get(kIdentityKey, world.now).ok());
  const RefreshReport report = world.Pass();
  EXPECT_TRUE(report.complete());
  const CollateralKey early_identity = EnclaveIdentityKey{EnclaveId::kQe, {Selector::Kind::kEarly, 0}};
  for (const CollateralKey& key : {kNumbersKey, kEarlyTcbKey, early_identity}) {
    EXPECT_TRUE(world.cache->Peek(key, world.now)) << KeyName(key);
  }
  EXPECT_FALSE(world.cache->Peek(kTdxTcbKey, world.now)) << "TDX is not in use";
}

TEST(Refresher, ANewNumberInTheListIsAskedForAtOnce) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Pass();
  const auto with_19 = [](sim::EvaluationNumbersSpec& spec) {
    auto next = spec.numbers.front();
    next.number = 19;
    spec.numbers.insert(spec.numbers.begin(), next);
  };
  // An hour later the list alone is due, and brings number 19.
  world.Advance(hours(1));
  world.bend_numbers = with_19;
  world.early = 19;
  ASSERT_TRUE(world.cache->Refresh(kNumbersKey, world.now).ok());
  const RefreshReport report = world.Pass(Urge::kPatient);
  ASSERT_NE(LineOf(report, kEarlyTcbKey), nullptr);
  EXPECT_EQ(LineOf(report, kEarlyTcbKey)->outcome, Outcome::kRenewed);
  EXPECT_EQ(world.cache->Peek(kEarlyTcbKey, world.now)->item->order_number(), 19u);
  EXPECT_TRUE(world.cache->Peek(kTcbKey, world.now)) << "the standard set stays beside it";
}

TEST(Refresher, RetiredNumbersAreKeptNotFailed) {
  RefreshWorld world;
  const CollateralKey key = TcbKey(sim::kServerFmspc, {Selector::Kind::kNumber, sim::kStandardNumber});
  ASSERT_TRUE(world.cache->Get(key, world.now).ok());
  world.Pass();
  world.Advance(hours(25));
  world.upstream = [&](const CollateralKey& asked) -> Result<FetchedBytes> {
    return asked == key ? NotFound() : world.Intel(asked);
  };
  const RefreshReport report = world.Pass();
  ASSERT_NE(LineOf(report, key), nullptr);
  EXPECT_EQ(LineOf(report, key)->outcome, Outcome::kKept);
  EXPECT_TRUE(report.complete());
}

TEST(Refresher, WithoutUpstreamsNothingFailsAndStaleShows) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  Refresher offline{*world.cache, {.threads = 1, .has_upstream = [](Vendor) { return false; }}};
  world.fetches = 0;
  world.now += hours(25);
  const RefreshReport due = offline.Pass(world.now, Urge::kNow, world.stop);
  EXPECT_TRUE(due.complete());
  EXPECT_EQ(due.Count(Outcome::kKept), 1u);
  world.now += hours(24 * 30);
  EXPECT_FALSE(offline.Pass(world.now, Urge::kNow, world.stop).complete());
  EXPECT_EQ(world.fetches, 0);
}

TEST(Refresher, StopsWhenTold) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.stop = true;
  world.Pass();
  EXPECT_TRUE(world.asked.empty());
}

TEST(Refresher, TwoInstancesRenewAtDifferentTimes) {
  std::set<Instant> due;
  for (const uint64_t seed : {1u, 2u}) {
    CacheOptions options;
    options.jitter_seed = seed;
    CacheWorld world(options);
    due.insert(world.cache->Get(kTcbKey, world.now)->next_refresh);
  }
  EXPECT_EQ(due.size(), 2u);
}

}  // namespace
}  // namespace thimble
