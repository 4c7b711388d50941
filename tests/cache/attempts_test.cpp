// SPDX-License-Identifier: Apache-2.0
#include "cache/attempts.h"

#include <gtest/gtest.h>

#include <array>

#include "tcb/check.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;

constexpr Attempts::Time kStart{std::chrono::hours(1)};
constexpr AttemptRules kRules{.failure_backoff = milliseconds(10'000), .negative_ttl = milliseconds(30'000)};
constexpr Attempts::Start kIntel{Vendor::kIntel, 0}, kAmd{Vendor::kAmd, 0};
const Error kUnreachable{ErrorKind::kUnavailable, Check::kUpstreamUnreachable, "refused"};
Error AnsweredStatus(int status) {
  Error error{ErrorKind::kUnavailable, Check::kUpstreamStatus, "a status"};
  error.http_status = status;
  return error;
}
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
  attempts.Failed("a", kUnreachable, Possession::kHeld, kStart, kIntel);
  EXPECT_GE(BlockedFor(attempts), milliseconds(9'000));
  EXPECT_LE(BlockedFor(attempts), milliseconds(10'000));
  EXPECT_EQ(attempts.Blocked("a", kStart)->check, Check::kUpstreamUnreachable);
  EXPECT_FALSE(attempts.Blocked("a", kStart + milliseconds(10'000)));
  EXPECT_TRUE(attempts.MayTry("b", kStart));
}

TEST(Attempts, FailuresInARowDoubleItUpToALimit) {
  const auto after = [](int failures, Possession possession) {
    Attempts attempts(kRules);
    for (int i = 0; i < failures; ++i) attempts.Failed("a", kUnreachable, possession, kStart, kIntel);
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
    for (int i = 0; i < failures; ++i) missing.Failed("a", kNotFound, Possession::kMissing, kStart, kIntel);
    EXPECT_EQ(BlockedFor(missing), milliseconds(30'000));
  }
}

TEST(Attempts, ACheckThatBroughtNothingBlocksWithoutAnError) {
  Attempts attempts(kRules);
  attempts.Failed("a", kUnreachable, Possession::kHeld, kStart, kIntel);
  attempts.Unchanged("a", kStart);
  EXPECT_EQ(BlockedFor(attempts), milliseconds(600'000));
  EXPECT_FALSE(attempts.Blocked("a", kStart));
  EXPECT_FALSE(attempts.LastError("a"));
}

TEST(Attempts, ASuccessClearsAll) {
  Attempts attempts(kRules);
  attempts.Failed("a", kUnreachable, Possession::kHeld, kStart, kIntel);
  EXPECT_EQ(attempts.LastError("a")->message, "refused");
  attempts.Renewed("a");
  EXPECT_TRUE(attempts.MayTry("a", kStart));
  EXPECT_FALSE(attempts.LastError("a"));
}

// Which failures say that the upstream is down, whatever it is asked for.
const std::vector<std::pair<Error, bool>> kOutages = {
    {kUnreachable, true},
    {AnsweredStatus(500), true},
    {AnsweredStatus(503), true},
    {AnsweredStatus(429), false},
    {AnsweredStatus(0), false},  // held back by pacing
    {kNotFound, false},
    {{ErrorKind::kUnavailable, Check::kUpstreamAnswer, "a web page"}, false},
    {{ErrorKind::kUnavailable, Check::kTcbInfoSignature, "forged"}, false}};

TEST(Attempts, AnUpstreamThatIsBackEndsTheBackoffOfAnOutage) {
  for (const auto& [error, outage] : kOutages) {
    std::array<uint64_t, 2> recoveries{};
    Attempts attempts(kRules, [&](Vendor vendor) { return recoveries.at(static_cast<size_t>(vendor)); });
    attempts.Failed("a", error, Possession::kHeld, kStart, attempts.Begin(Vendor::kIntel));
    ++recoveries[1];
    EXPECT_FALSE(attempts.MayTry("a", kStart)) << "the other vendor's";
    ++recoveries[0];
    EXPECT_EQ(attempts.MayTry("a", kStart), outage) << error.message;
    EXPECT_EQ(attempts.Blocked("a", kStart).has_value(), !outage) << error.message;
    EXPECT_TRUE(attempts.LastError("a"));
    attempts.Failed("a", error, Possession::kHeld, kStart, attempts.Begin(Vendor::kIntel));
    EXPECT_FALSE(attempts.MayTry("a", kStart)) << "it failed since then";
  }
}

// It failed, but what it began with was an outage that has ended meanwhile.
TEST(Attempts, WhatBeganInAnOutageThatHasEndedMayBeTriedAtOnce) {
  uint64_t recoveries = 0;
  Attempts attempts(kRules, [&](Vendor) { return recoveries; });
  const Attempts::Start start = attempts.Begin(Vendor::kIntel);
  ++recoveries;
  attempts.Failed("a", kUnreachable, Possession::kMissing, kStart, start);
  EXPECT_TRUE(attempts.MayTry("a", kStart));
}

TEST(Attempts, OfAllThatAnOutageBlocksOneASecondMayProbe) {
  for (const auto& [error, outage] : kOutages) {
    Attempts attempts(kRules);
    for (const char* const name : {"a", "b"})
      attempts.Failed(name, error, Possession::kMissing, kStart, kIntel);
    EXPECT_FALSE(attempts.TakeProbe("a", kStart + milliseconds(999)));
    const Attempts::Time later = kStart + milliseconds(1000);
    EXPECT_EQ(attempts.MayProbe("a", later), outage) << error.message;
    EXPECT_EQ(attempts.TakeProbe("a", later), outage) << error.message;
    EXPECT_FALSE(attempts.TakeProbe("b", later)) << "whatever the item";
    EXPECT_EQ(attempts.TakeProbe("b", later + milliseconds(1000)), outage);
    EXPECT_FALSE(attempts.MayTry("b", later)) << "a probe is no end of the back-off";
  }
}

TEST(Attempts, NobodyProbesForAmdsNorForWhatDidNotFail) {
  Attempts attempts(kRules);
  attempts.Failed("a", kUnreachable, Possession::kMissing, kStart, kAmd);
  EXPECT_FALSE(attempts.TakeProbe("a", kStart + milliseconds(5000)));
  EXPECT_FALSE(attempts.TakeProbe("b", kStart + milliseconds(5000)));
}

TEST(Attempts, IsBounded) {
  Attempts attempts(kRules);
  for (int i = 0; i < 70'000; ++i)
    attempts.Failed(std::to_string(i), kNotFound, Possession::kMissing, kStart, kIntel);
  int blocked = 0;
  for (int i = 0; i < 70'000; ++i) blocked += attempts.MayTry(std::to_string(i), kStart) ? 0 : 1;
  EXPECT_EQ(blocked, 65'536);
}

TEST(Attempts, WhatHasPassedMakesRoomFirst) {
  Attempts attempts(kRules);
  for (int i = 0; i < 65'535; ++i)
    attempts.Failed(std::to_string(i), kNotFound, Possession::kMissing, kStart, kIntel);
  const Attempts::Time later = kStart + milliseconds(30'000);
  attempts.Failed("held", kUnreachable, Possession::kHeld, later, kIntel);
  attempts.Failed("one more", kNotFound, Possession::kMissing, later, kIntel);
  EXPECT_TRUE(attempts.LastError("held"));
  EXPECT_FALSE(attempts.LastError("0"));
  EXPECT_FALSE(attempts.LastError("65534"));
}

}  // namespace
}  // namespace thimble
