// SPDX-License-Identifier: Apache-2.0
#include "service/support/kept_count.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

using std::chrono::seconds;

TEST(KeptCount, CountsOnceInAWhileHoweverManyAsk) {
  KeptCount::Time now{};
  size_t things = 3, counted = 0;
  KeptCount kept(
      [&] {
        ++counted;
        return things;
      },
      [&now] { return now; }, seconds(60));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(kept.Get(), 3u);
  things = 4;
  now += seconds(59);
  EXPECT_EQ(kept.Get(), 3u);
  EXPECT_EQ(counted, 1u);
  now += seconds(1);
  EXPECT_EQ(kept.Get(), 4u);
  EXPECT_EQ(counted, 2u);
}

}  // namespace
}  // namespace thimble
