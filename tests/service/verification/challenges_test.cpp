// SPDX-License-Identifier: Apache-2.0
#include "service/verification/challenges.h"

#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

TEST(Challenges, AreTakenOnceAndInTime) {
  Challenges challenges, other;
  const auto first = challenges.Issue(sim::kNow).value(), second = challenges.Issue(sim::kNow).value();
  EXPECT_NE(first.nonce, second.nonce);
  EXPECT_EQ(first.expires, sim::kNow + 300s);
  EXPECT_TRUE(challenges.Take(first.nonce, sim::kNow + 299s).ok());
  EXPECT_EQ(challenges.Take(first.nonce, sim::kNow + 299s).error().check, Check::kNonce);
  EXPECT_EQ(challenges.Take(second.nonce, sim::kNow + 300s).error().check, Check::kNonce);
  EXPECT_TRUE(challenges.Issued(second.nonce, sim::kNow).value());
  EXPECT_FALSE(other.Issued(second.nonce, sim::kNow).value()) << "of another process";
  Bytes later = challenges.Issue(sim::kNow)->nonce;
  later[7] ^= 1;
  EXPECT_FALSE(challenges.Issued(later, sim::kNow).value()) << "its expiry is part of it";
  EXPECT_FALSE(challenges.Take(later, sim::kNow).ok());
  EXPECT_FALSE(challenges.Issued({}, sim::kNow).value());
}

}  // namespace
}  // namespace thimble
