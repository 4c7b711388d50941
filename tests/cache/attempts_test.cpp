// SPDX-License-Identifier: Apache-2.0
#include "cache/attempts.h"

#include <gtest/gtest.h>

#include "tcb/check.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;

constexpr Attempts::Time kStart{std::chrono::hours(1)};
constexpr AttemptRules kRules{.failure_backoff = milliseconds(10'000), .negative_ttl = milliseconds(30'000)};
const Error kUnreachable{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "refused"};
const Error kNotFound{ErrorKind::kUnavailable, Check::kUpstreamNotFound, "HTTP 404"};

// How long "a" is blocked from kStart on, to the millisecond.
milliseconds BlockedFor(const Attempts& attempts) {
  int64_t low = 0, high = 10'000'000;
  while (low < high) {
    const int64_t middle = (low + high) / 2;
    attempts.MayTry("a", kStart + milliseconds(middle)) ? high = middle : low = middle + 1;
  }
  return milliseconds(low);
}

TEST(Attempts, AFailureBlocksForTheBackoffLessJitter) {
  Attempts attempts(kRules);
  EXPECT_TRUE(attempts.MayTry("a", kStart));
  attempts.Failed("a", kUnreachable, Possession::kHeld, kStart);
  EXPECT_GE(BlockedFor(attempts), milliseconds(9'000));
  EXPECT_LE(BlockedFor(attempts), milliseconds(10'000));
  EXPECT_EQ(attempts.Blocked("a", kStart)->check, Check::kUpstreamUnreachable);
  EXPECT_FALSE(attempts.Blocked("a", kStart + milliseconds(10'000)));
  EXPECT_TRUE(attempts.MayTry("b", kStart));
}

TEST(Attempts, FailuresInARowDoubleItUpToALimit) {
  const auto after = [](int failures, Possession possession) {
    Attempts attempts(kRules);
    for (int i = 0; i < failures; ++i) attempts.Failed("a", kUnreachable, possession, kStart);
    return BlockedFor(attempts);
  };
  EXPECT_GT(after(2, Possession::kHeld), milliseconds(17'999));
  EXPECT_GT(after(3, Possession::kHeld), milliseconds(35'999));
  EXPECT_LE(after(50, Possession::kHeld), milliseconds(600'000));
  EXPECT_GE(after(50, Possession::kHeld), milliseconds(540'000));
  EXPECT_LE(after(50, Possession::kMissing), milliseconds(60'000));
}

TEST(Attempts, NotFoundIsShortForWhatIsMissing) {
  for (int failures = 1; failures < 4; ++failures) {
    Attempts missing(kRules);
    for (int i = 0; i < failures; ++i) missing.Failed("a", kNotFound, Possession::kMissing, kStart);
    EXPECT_EQ(BlockedFor(missing), milliseconds(30'000));
  }
}

TEST(Attempts, ACheckThatBroughtNothingBlocksWithoutAnError) {
  Attempts attempts(kRules);
  attempts.Failed("a", kUnreachable, Possession::kHeld, kStart);
  attempts.Unchanged("a", kStart);
  EXPECT_EQ(BlockedFor(attempts), milliseconds(600'000));
  EXPECT_FALSE(attempts.Blocked("a", kStart));
  EXPECT_FALSE(attempts.LastError("a"));
}

TEST(Attempts, ASuccessClearsAll) {
  Attempts attempts(kRules);
  attempts.Failed("a", kUnreachable, Possession::kHeld, kStart);
  EXPECT_EQ(attempts.LastError("a")->message, "refused");
  attempts.Renewed("a");
  EXPECT_TRUE(attempts.MayTry("a", kStart));
  EXPECT_FALSE(attempts.LastError("a"));
}

TEST(Attempts, IsBounded) {
  Attempts attempts(kRules);
  for (int i = 0; i < 70'000; ++i)
    attempts.Failed(std::to_string(i), kNotFound, Possession::kMissing, kStart);
  int blocked = 0;
  for (int i = 0; i < 70'000; ++i) blocked += attempts.MayTry(std::to_string(i), kStart) ? 0 : 1;
  EXPECT_EQ(blocked, 65'536);
}

TEST(Attempts, WhatHasPassedMakesRoomFirst) {
  Attempts attempts(kRules);
  for (int i = 0; i < 65'535; ++i)
    attempts.Failed(std::to_string(i), kNotFound, Possession::kMissing, kStart);
  const Attempts::Time later = kStart + milliseconds(30'000);
  attempts.Failed("held", kUnreachable, Possession::kHeld, later);
  attempts.Failed("one more", kNotFound, Possession::kMissing, later);
  EXPECT_TRUE(attempts.LastError("held"));
  EXPECT_FALSE(attempts.LastError("0"));
  EXPECT_FALSE(attempts.LastError("65534"));
}

}  // namespace
}  // namespace thimble
