// SPDX-License-Identifier: Apache-2.0
//
// A miss that nobody was asked for, since the budget of its client is spent.
#include <gtest/gtest.h>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

Result<FetchedBytes> Spent() { return Error{ErrorKind::kUnavailable, Check::kMissBudget, "spent"}; }

TEST(OverBudget, IsCountedApartAndBindsNobodyElse) {
  CacheWorld world;
  world.upstream = [](const CollateralKey&) { return Spent(); };
  const auto refused = world.cache->Get(kTcbKey, world.now);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().check, Check::kMissBudget);
  EXPECT_EQ(world.Count(Kind::kOverBudget), 1u);
  EXPECT_EQ(world.Count(Kind::kFetchFailed), 0u);
  world.upstream = [&](const CollateralKey& key) { return world.Good(key); };
  EXPECT_TRUE(world.cache->Get(kTcbKey, world.now).ok()) << "no back-off comes of it";
}

// Ten ask at once: the first has no budget left, which is no answer for the others.
TEST(OverBudget, IsNotSharedWithThoseWhoWaitForIt) {
  CacheWorld world;
  world.upstream = [&](const CollateralKey& key) -> Result<FetchedBytes> {
    while (world.Count(Kind::kMiss) < 10) std::this_thread::sleep_for(milliseconds(1));
    return world.fetches == 1 ? Spent() : world.Good(key);
  };
  std::atomic<int> good{0}, spent{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 10; ++i) {
    threads.emplace_back([&] {
      const auto answer = world.cache->Get(kTcbKey, world.now);
      good += answer.ok() ? 1 : 0;
      spent += !answer.ok() && answer.error().check == Check::kMissBudget ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(good, 9);
  EXPECT_EQ(spent, 1);
  EXPECT_EQ(world.fetches, 2);
}

TEST(OverBudget, AFailureIsStillAFailure) {
  CacheWorld world;
  world.upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  ASSERT_FALSE(world.cache->Get(kTcbKey, world.now).ok());
  EXPECT_EQ(world.Count(Kind::kOverBudget), 0u);
  EXPECT_EQ(world.Count(Kind::kFetchFailed), 1u);
}

TEST(OverBudget, WhatIsStaleIsServedAsItIs) {
  CacheWorld world;
  const Instant end = world.cache->Get(kTcbKey, world.now)->item->next_update();
  world.upstream = [](const CollateralKey&) { return Spent(); };
  const auto answer = world.cache->Get(kTcbKey, end + hours(1));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->freshness, Freshness::kStale);
  EXPECT_EQ(world.Count(Kind::kOverBudget), 1u);
}

}  // namespace
}  // namespace thimble
