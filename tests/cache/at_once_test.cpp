// SPDX-License-Identifier: Apache-2.0
//
// What the cache gives to whoever may not wait.
#include <gtest/gtest.h>

#include "cache/collateral_cache.h"
#include "tcb/intel/tcb_info.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

TEST(GetAtOnce, IsWhatMemoryHasAndIsNotStale) {
  CacheWorld world;
  EXPECT_FALSE(world.cache->GetAtOnce(kTcbKey, world.now));
  EXPECT_EQ(world.fetches, 0);
  EXPECT_EQ(world.Count(Kind::kMiss), 0u) << "who has to wait asks again, and is counted then";
  const auto held = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(held.ok());
  const auto hit = world.cache->GetAtOnce(kTcbKey, world.now);
  ASSERT_TRUE(hit);
  EXPECT_TRUE(hit->hit);
  EXPECT_EQ(hit->item, held->item);
  EXPECT_EQ(world.Count(Kind::kHit), 1u);
  EXPECT_FALSE(world.cache->GetAtOnce(kTcbKey, held->item->next_update() + Seconds(1))) << "stale";
  auto by_number = std::get<TcbInfoKey>(kTcbKey);
  by_number.selector = {Selector::Kind::kNumber, held->item->tcb_info()->evaluation_number};
  EXPECT_TRUE(world.cache->Get(by_number, world.now).ok());
  EXPECT_FALSE(world.cache->GetAtOnce(by_number, world.now)) << "another selector may have a later one";
  world.Reopen();
  EXPECT_FALSE(world.cache->GetAtOnce(kTcbKey, world.now)) << "only in the store";
}

}  // namespace
}  // namespace thimble
