// SPDX-License-Identifier: Apache-2.0
//
// Imports, and the versions that were held.
#include <gtest/gtest.h>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

const Instant kIssued =
    sim::DefaultTcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber, sim::kNow).issued;

// The TCB info of another day and number, good for 30 days or as long as told.
FetchedBytes Version(const CacheWorld& world, int day, uint32_t number = sim::kStandardNumber,
                     int good_for = 30) {
  return CacheWorld::Tcb(world.intel, std::get<TcbInfoKey>(kTcbKey), number, [&](sim::TcbInfoSpec& spec) {
    spec.issued = kIssued + std::chrono::days(day);
    spec.next_update = spec.issued + std::chrono::days(good_for);
  });
}
Check Put(CacheWorld& world, const FetchedBytes& bytes, bool allow_older = false) {
  return CheckOf(world.cache->Put(kTcbKey, bytes, world.now, allow_older));
}
std::vector<int> Days(CacheWorld& world) {
  std::vector<int> days;
  for (const PastVersion& version : world.cache->History(kTcbKey)) {
    days.push_back(static_cast<int>((version.item->issued() - kIssued) / hours(24)));
  }
  return days;
}

TEST(Put, TakesWhatAFetchWouldTake) {
  CacheWorld world;
  EXPECT_EQ(Put(world, Version(world, 0)), Check::kNone);
  EXPECT_EQ(world.fetches, 0);
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_TRUE(answer->hit);
  EXPECT_EQ(answer->item->source(), "https://pcs.example/");
}

TEST(Put, RefusesWhatAFetchWouldRefuse) {
  CacheWorld world;
  const auto forger = sim::SimIntel::Make({.seed = "forger"});
  EXPECT_EQ(Put(world, CacheWorld::Tcb(forger, std::get<TcbInfoKey>(kTcbKey))),
            Check::kSigningChainUntrusted);
  EXPECT_EQ(world.Count(Kind::kRefused), 1u);
  EXPECT_FALSE(world.cache->Peek(kTcbKey, world.now));
}

TEST(Put, OlderOnlyWhenAllowed) {
  CacheWorld world;
  ASSERT_EQ(Put(world, Version(world, 5)), Check::kNone);
  EXPECT_EQ(Put(world, Version(world, 4)), Check::kCollateralRollback);
  EXPECT_EQ(world.Count(Kind::kRollback), 1u);
  EXPECT_EQ(Put(world, Version(world, 4), true), Check::kNone);
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->item->issued(), kIssued + hours(4 * 24));
}

TEST(Put, OlderIsToldAlsoAfterARestart) {
  CacheWorld world;
  ASSERT_EQ(Put(world, Version(world, 5)), Check::kNone);
  world.Reopen();
  EXPECT_EQ(Put(world, Version(world, 4)), Check::kCollateralRollback);
}

TEST(Put, AnEndedVersionThatIsOlderIsHistoryOnly) {
  CacheWorld world;
  ASSERT_EQ(Put(world, Version(world, 5)), Check::kNone);
  EXPECT_EQ(Put(world, Version(world, 0, sim::kStandardNumber, 1)), Check::kNone);
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->item->issued(), kIssued + hours(5 * 24));
  EXPECT_EQ(Days(world), (std::vector<int>{5, 0}));
}

TEST(Put, AnEndedVersionIsStaleWhereNothingIsHeld) {
  CacheWorld world;
  EXPECT_EQ(Put(world, Version(world, 0, sim::kStandardNumber, 1)), Check::kNone);
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->freshness, Freshness::kStale);
}

TEST(Put, IsNoCheckOfAnUpstream) {
  CacheWorld world;
  ASSERT_EQ(Put(world, Version(world, 0)), Check::kNone);
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->last_check, kNever);
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->freshness, Freshness::kRefreshDue);
  ASSERT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
  const Instant before = world.now;
  world.now += hours(5);
  EXPECT_EQ(Put(world, Version(world, 0)), Check::kNone);
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->last_check, before) << "the same again neither";
}

TEST(History, KeepsEachVersionNewestFirst) {
  CacheWorld world;
  for (const int day : {0, 3, 5}) ASSERT_EQ(Put(world, Version(world, day)), Check::kNone);
  ASSERT_EQ(Put(world, Version(world, 1, sim::kEarlyNumber)), Check::kNone);
  EXPECT_EQ(Days(world), (std::vector<int>{1, 5, 3, 0})) << "the number comes first";
  EXPECT_EQ(world.cache->History(kTcbKey).at(1).item->body(), Version(world, 5).bytes.body);
  EXPECT_TRUE(world.cache->History(kTdxTcbKey).empty());
  world.Reopen();
  EXPECT_EQ(Days(world).size(), 4u);
}

TEST(History, AVersionIsKeptOnce) {
  CacheWorld world;
  for (int i = 0; i < 3; ++i) {
    ASSERT_EQ(Put(world, Version(world, 0)), Check::kNone);
    ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  }
  EXPECT_EQ(Days(world), (std::vector<int>{0}));
}

// Selector 1 is a prefix of selector 17 as text.
TEST(History, OfOneKeyOnly) {
  CacheWorld world;
  const auto with_number = [](uint32_t number) {
    TcbInfoKey key = std::get<TcbInfoKey>(kTcbKey);
    key.selector = {Selector::Kind::kNumber, number};
    return CollateralKey(key);
  };
  ASSERT_TRUE(world.cache->Put(with_number(17), Version(world, 0, 17), world.now, false).ok());
  EXPECT_TRUE(world.cache->History(with_number(1)).empty());
  EXPECT_EQ(world.cache->History(with_number(17)).size(), 1u);
}

TEST(History, AtATimeIsWhatWasHeldThen) {
  CacheWorld world;
  const Instant start = world.now;
  for (const int day : {0, 3, 5}) {  // each comes an hour after the other
    ASSERT_EQ(Put(world, Version(world, day)), Check::kNone);
    world.now += hours(1);
  }
  const auto at = [&](Seconds after) {
    const auto version = world.cache->HistoryAt(kTcbKey, start + after);
    return version ? static_cast<int>((version->item->issued() - kIssued) / hours(24)) : -1;
  };
  EXPECT_EQ(at(Seconds(-1)), -1) << "issued, but not held";
  EXPECT_EQ(at(Seconds(0)), 0);
  EXPECT_EQ(at(hours(1) - Seconds(1)), 0);
  EXPECT_EQ(at(hours(1)), 3);
  EXPECT_EQ(at(hours(100)), 5);
}

TEST(History, ACheckThatBringsNothingNewerMovesNothing) {
  CacheWorld world;
  const Instant start = world.now;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.now += hours(25);
  ASSERT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
  EXPECT_EQ(world.cache->HistoryAt(kTcbKey, start)->fetched, start);
}

// An option of the history in a world of its own.
CacheOptions WithHistory(HistoryRules rules) {
  CacheOptions options;
  options.history = rules;
  return options;
}

TEST(History, IsPrunedByNumber) {
  CacheWorld world(WithHistory({.max_age = hours(24 * 400), .max_versions = 2}));
  for (const int day : {0, 1, 2, 3}) ASSERT_EQ(Put(world, Version(world, day)), Check::kNone);
  EXPECT_EQ(Days(world), (std::vector<int>{3, 2}));
  EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->item->issued(), kIssued + hours(3 * 24));
}

TEST(History, IsPrunedByAge) {
  CacheWorld world(WithHistory({.max_age = hours(24 * 10), .max_versions = 100}));
  for (const int day : {0, 4, 9}) {
    world.now = kIssued + hours(24 * day) + hours(1);
    ASSERT_EQ(Put(world, Version(world, day)), Check::kNone);
  }
  EXPECT_EQ(Days(world), (std::vector<int>{9, 4, 0}));
  world.now = kIssued + hours(24 * 11);
  ASSERT_EQ(Put(world, Version(world, 11)), Check::kNone);
  EXPECT_EQ(Days(world), (std::vector<int>{11, 9, 4}));
}

TEST(History, AClockThatIsAheadPrunesNothing) {
  CacheWorld world(WithHistory({.max_age = hours(24 * 10), .max_versions = 100}));
  for (const int day : {0, 4}) ASSERT_EQ(Put(world, Version(world, day)), Check::kNone);
  world.now += hours(24 * 400);
  ASSERT_EQ(Put(world, Version(world, 9)), Check::kNone);
  EXPECT_EQ(Days(world), (std::vector<int>{9, 4, 0}));
}

// -- Several together -------------------------------------------------------------------------------------------------

TEST(TakeTogether, KeepsWhenAnItemCameAndPastVersionsAsTheyWere) {
  CacheWorld world;
  const Instant came = world.now - hours(2);
  auto admission = world.cache->Admit(kTcbKey, Version(world, 5), world.now);
  ASSERT_TRUE(admission.ok());
  admission->fetched = came;
  auto older = world.cache->Admit(kTcbKey, Version(world, 3), world.now);
  ASSERT_TRUE(older.ok());
  older->fetched = came - hours(1);
  older->past = true;
  for (int round = 0; round < 2; ++round) {  // again changes nothing
    ASSERT_TRUE(world.cache->TakeTogether({*admission, *older}, {}, world.now).ok());
    const auto held = world.cache->Peek(kTcbKey, world.now);
    EXPECT_EQ(held->fetched, came);
    EXPECT_EQ(held->last_check, kNever) << "nobody was asked";
    EXPECT_EQ(held->freshness, Freshness::kRefreshDue);
    EXPECT_EQ(Days(world), (std::vector<int>{5, 3}));
    EXPECT_EQ(world.cache->HistoryAt(kTcbKey, came - Seconds(1))->item->issued(), kIssued + hours(3 * 24));
  }
}

}  // namespace
}  // namespace thimble
