// SPDX-License-Identifier: Apache-2.0
//
// What is made of a cached item: made once, and gone with it.
#include "cache/attachments.h"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

TEST(Attachments, AreMadeOnceForEachPlace) {
  const Attachments attachments;
  int made = 0;
  const auto make = [&] { return std::make_shared<const int>(++made); };
  EXPECT_EQ(*attachments.GetOrMake<int>(0, make), 1);
  EXPECT_EQ(*attachments.GetOrMake<int>(0, make), 1);
  EXPECT_EQ(*attachments.GetOrMake<int>(7, make), 2);
}

TEST(Attachments, GoWithTheirOwnerAndNotBefore) {
  auto attachments = std::make_unique<Attachments>();
  std::weak_ptr<const int> value;
  {
    const auto held = attachments->GetOrMake<int>(0, [] { return std::make_shared<const int>(5); });
    value = held;
  }
  EXPECT_FALSE(value.expired());
  attachments.reset();
  EXPECT_TRUE(value.expired());
}

TEST(Attachments, OfTwoMadeAtATimeOneIsKept) {
  for (int round = 0; round < 200; ++round) {
    const Attachments attachments;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back(
          [&, i] { (void)attachments.GetOrMake<int>(0, [i] { return std::make_shared<const int>(i); }); });
    }
    for (std::thread& thread : threads) thread.join();
    const auto never = [] { return std::make_shared<const int>(-1); };
    EXPECT_EQ(attachments.GetOrMake<int>(0, never), attachments.GetOrMake<int>(0, never));
    EXPECT_GE(*attachments.GetOrMake<int>(0, never), 0);
  }
}

TEST(Attachments, OfAnItemEndWhenANewerOneComes) {
  test::CacheWorld world;
  const auto first = world.cache->Get(test::kTcbKey, world.now);
  ASSERT_TRUE(first.ok());
  EXPECT_EQ(world.cache->Get(test::kTcbKey, world.now)->attachments, first->attachments);
  world.intel = world.intel.At(world.now + test::hours(24));
  ASSERT_TRUE(world.cache->Refresh(test::kTcbKey, world.now + test::hours(24)).ok());
  const auto next = world.cache->Get(test::kTcbKey, world.now + test::hours(24));
  ASSERT_NE(next->item->sha256(), first->item->sha256());
  EXPECT_NE(next->attachments, first->attachments);
}

}  // namespace
}  // namespace thimble
