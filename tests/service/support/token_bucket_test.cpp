// SPDX-License-Identifier: Apache-2.0
#include "service/support/token_bucket.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

using std::chrono::seconds;

constexpr TokenRate kRate{.per_second = 1, .burst = 3};

int HowMany(TokenBucket& bucket, TokenBucket::Time now, double leave = 0) {
  int taken = 0;
  while (bucket.Take(kRate, now, leave)) ++taken;
  return taken;
}

TEST(TokenBucket, HasItsBurstAndThenItsRate) {
  TokenBucket bucket;
  const TokenBucket::Time start{seconds(100)};
  EXPECT_TRUE(bucket.full(kRate, start));
  EXPECT_EQ(HowMany(bucket, start, 1), 2) << "one is left";
  EXPECT_EQ(HowMany(bucket, start), 1);
  EXPECT_FALSE(bucket.full(kRate, start));
  EXPECT_EQ(HowMany(bucket, start + seconds(2)), 2);
  EXPECT_EQ(HowMany(bucket, start + seconds(100)), 3);
}

TEST(TokenBucket, GivesNothingForATimeThatLiesBack) {
  TokenBucket bucket;
  const TokenBucket::Time start{seconds(100)};
  EXPECT_EQ(HowMany(bucket, start), 3);
  EXPECT_EQ(HowMany(bucket, start - seconds(1)), 0);
  EXPECT_EQ(HowMany(bucket, start), 0);
  EXPECT_EQ(HowMany(bucket, start + seconds(1)), 1);
}

}  // namespace
}  // namespace thimble
