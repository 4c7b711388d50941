// SPDX-License-Identifier: Apache-2.0
#include "cache/hot_tier.h"

#include <gtest/gtest.h>

#include "tcb/collateral.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

CachedItemPtr Some() {
  static const sim::SimIntel intel = sim::SimIntel::Make();
  static const ItemPtr item =
      AuthenticateItem(test::kRootCrlKey, {intel.RootCaCrl(), intel.RootPem()}, intel.Anchors()).value();
  return std::make_shared<CachedItem>(item, "", FreshnessInput{});
}

TEST(HotTier, FindsWhatWasPut) {
  HotTier hot(100);
  EXPECT_EQ(hot.Find("a"), nullptr);
  const CachedItemPtr first = Some(), second = Some();
  hot.Put("a", first);
  EXPECT_EQ(hot.Find("a"), first);
  hot.Put("a", second);
  EXPECT_EQ(hot.Find("a"), second);
  hot.Erase("a");
  EXPECT_EQ(hot.Find("a"), nullptr);
}

TEST(HotTier, IsBounded) {
  HotTier hot(160);
  for (int i = 0; i < 2000; ++i) hot.Put(std::to_string(i), Some());
  size_t found = 0;
  for (int i = 0; i < 2000; ++i) found += hot.Find(std::to_string(i)) != nullptr ? 1 : 0;
  EXPECT_LE(found, 160u);
  EXPECT_GE(found, 100u);
}

TEST(HotTier, WhatIsUsedStays) {
  HotTier hot(160);
  hot.Put("used", Some());
  for (int i = 0; i < 2000; ++i) {
    hot.Put(std::to_string(i), Some());
    ASSERT_NE(hot.Find("used"), nullptr) << i;
  }
}

}  // namespace
}  // namespace thimble
