// SPDX-License-Identifier: Apache-2.0
//
// Several items at once.
#include <gtest/gtest.h>

#include <condition_variable>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

const std::vector<CollateralKey> kAll = {kRootCrlKey, kPckCrlKey, kTcbKey, kIdentityKey};

TEST(GetAll, FetchesWhatIsMissingAtTheSameTime) {
  CacheWorld world;
  std::mutex mutex;
  std::condition_variable all_here;
  size_t here = 0;
  world.upstream = [&](const CollateralKey& key) -> Result<FetchedBytes> {
    std::unique_lock lock(mutex);
    ++here;
    all_here.notify_all();
    // Only when each has begun before any has ended, all of them end.
    if (!all_here.wait_for(lock, seconds(60), [&] { return here >= kAll.size(); })) return Unreachable();
    return world.Good(key);
  };
  const auto answers = world.cache->GetAll(kAll, world.now);
  ASSERT_EQ(answers.size(), kAll.size());
  for (size_t i = 0; i < kAll.size(); ++i) {
    ASSERT_TRUE(answers[i].ok()) << answers[i].error().message;
    EXPECT_EQ(answers[i]->item->name(), KeyName(kAll[i])) << "in their order";
    EXPECT_FALSE(answers[i]->hit);
  }
  for (const auto& again : world.cache->GetAll(kAll, world.now)) EXPECT_TRUE(again->hit);
  EXPECT_EQ(world.fetches, static_cast<int>(kAll.size()));
}

TEST(GetAll, OneThatFailsKeepsNoOtherFromComing) {
  CacheWorld world;
  world.upstream = [&](const CollateralKey& key) {
    return key == kTcbKey ? Result<FetchedBytes>(Unreachable()) : world.Good(key);
  };
  const auto answers = world.cache->GetAll(kAll, world.now);
  for (size_t i = 0; i < kAll.size(); ++i) EXPECT_EQ(answers.at(i).ok(), kAll[i] != kTcbKey);
  EXPECT_EQ(answers.at(2).error().check, Check::kUpstreamUnreachable);
}

TEST(GetAll, WorksInTheContextOfWhoeverAsks) {
  thread_local int context = 0;
  std::atomic<int> wrong{0};
  CacheOptions options;
  options.context = [] {
    return [outside = context]() -> std::shared_ptr<void> {
      context = outside;
      return std::shared_ptr<void>(nullptr, [](void*) { context = 0; });
    };
  };
  CacheWorld world(options);
  world.upstream = [&](const CollateralKey& key) {
    if (context != 7) ++wrong;
    return world.Good(key);
  };
  context = 7;
  (void)world.cache->GetAll(kAll, world.now);
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(context, 7);
}

}  // namespace
}  // namespace thimble
