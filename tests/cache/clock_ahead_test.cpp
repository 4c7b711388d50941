// SPDX-License-Identifier: Apache-2.0
//
// When an upstream was last asked, as far as this cache can know: not by a clock that was ahead, and not by what was brought.
#include <gtest/gtest.h>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

// A clock that is ahead once writes times that have not come: they are forgotten at the next check.
TEST(CollateralCache, AClockThatWasAheadIsForgottenAtTheNextCheck) {
  CacheWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now + hours(5)).ok());  // issued before, good for weeks
  for (int round = 0; round < 2; ++round) {
    EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->freshness, Freshness::kRefreshDue);
    EXPECT_EQ(world.cache->Peek(kTcbKey, world.now)->last_check, kNever);
    EXPECT_EQ(world.cache->Status(world.now).at(0).freshness, Freshness::kRefreshDue);
    world.Reopen();
  }
  ASSERT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
  for (int round = 0; round < 2; ++round) {
    const auto checked = world.cache->Peek(kTcbKey, world.now);
    EXPECT_EQ(checked->freshness, Freshness::kFresh);
    EXPECT_EQ(checked->fetched, world.now) << "it was here by now";
    EXPECT_EQ(checked->last_check, world.now);
    EXPECT_TRUE(world.cache->HistoryAt(kTcbKey, world.now).has_value());
    world.Reopen();
  }
}

// Where nobody can be asked, what was brought is due for ever, which is no failure.
TEST(CollateralCache, WhatIsHeldWhereNobodyCanBeAskedIsNoFailure) {
  CacheOptions options;
  options.has_upstream = [](Vendor vendor) { return vendor == Vendor::kAmd; };
  CacheWorld world(options);
  ASSERT_TRUE(world.cache->Put(kTcbKey, world.Good(kTcbKey).value(), world.now, false).ok());
  const Instant end = world.cache->Peek(kTcbKey, world.now)->item->next_update();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->freshness, Freshness::kRefreshDue);
    world.cache->RefreshSoon(kTcbKey, world.now);
    EXPECT_EQ(world.cache->Get(kTcbKey, end + hours(1))->freshness, Freshness::kStale)
        << "within stale_grace";
    world.cache->Settle();
  }
  EXPECT_EQ(CheckOf(world.cache->Get(kTcbKey, end + hours(24 * 30))), Check::kCollateralMissing);
  EXPECT_EQ(world.fetches, 0);
  EXPECT_EQ(world.cache->Status(world.now).at(0).last_error, "");
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  EXPECT_EQ(CheckOf(world.cache->Get(kRootCrlKey, world.now)), Check::kUpstreamUnreachable)
      << "what is not held says why";
}

}  // namespace
}  // namespace thimble
