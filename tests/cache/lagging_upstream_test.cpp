// SPDX-License-Identifier: Apache-2.0
//
// An upstream that stands still: the next one is asked as well, the newest answer wins, and who is behind is said.
#include <gtest/gtest.h>

#include "cache/answers.h"
#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

constexpr Seconds kDay{86'400};

// Upstreams by name, each with an Intel of its own time.
struct LagWorld : CacheWorld {
  explicit LagWorld(Seconds first_behind = 20 * kDay, Seconds second_behind = Seconds(0))
      : CacheWorld(Options(lags)) {
    upstream = Of("first", first_behind);
    next = {Of("second", second_behind)};
  }

  // One that publishes what Intel published so long before now.
  Upstream Of(std::string name, Seconds behind) {
    return [this, name, behind](const CollateralKey& key) -> Result<FetchedBytes> {
      ++asked[name];
      const sim::SimIntel then = intel.At(now - behind);
      TRY_ASSIGN(FetchedBytes answer, Answer(then, now - behind, key));
      answer.upstream = name;
      return answer;
    };
  }
  // As `then` publishes it on that day.
  static Result<FetchedBytes> Answer(const sim::SimIntel& then, Instant day, const CollateralKey& key) {
    if (const auto* tcb = std::get_if<TcbInfoKey>(&key)) {
      return Tcb(then, *tcb, sim::kStandardNumber, [day](sim::TcbInfoSpec& spec) {
        spec.issued = day;
        spec.next_update = day + 30 * kDay;
      });
    }
    if (const auto* crl = std::get_if<PckCrlKey>(&key))
      return FromIntel(then.PckCrl(crl->ca), then.CaChain(crl->ca));
    return NotFound();
  }
  Instant Issued(const CollateralKey& key) { return cache->Peek(key, now)->item->issued(); }

  std::map<std::string, int> asked;
  std::map<std::string, Seconds> lags;

 private:
  static CacheOptions Options(std::map<std::string, Seconds>& lags) {
    CacheOptions options;
    options.on_lag = [&lags](const UpstreamLag& lag) { lags[lag.upstream] = lag.behind; };
    return options;
  }
};

TEST(LaggingUpstream, TheSecondsIsServedWhenTheFirstIsTwentyDaysBehind) {
  LagWorld world;
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->item->issued(), world.now);
  EXPECT_EQ(world.lags, (std::map<std::string, Seconds>{{"first", 20 * kDay}, {"second", Seconds(0)}}));
}

// What is held is what the first has: it is enough for the cache, and not for the refresher.
TEST(LaggingUpstream, IsLeftBehindWithinOneRefreshInterval) {
  LagWorld world;
  const auto second = world.next;
  world.next.clear();
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  EXPECT_EQ(world.Issued(kTcbKey), world.now - 20 * kDay);
  EXPECT_EQ(world.lags.at("first"), Seconds(0)) << "nobody knows of anything newer";
  world.next = second;
  world.now += kDay;
  world.Tick(kDay);
  ASSERT_EQ(world.cache->Get(kTcbKey, world.now)->freshness, Freshness::kRefreshDue);
  world.cache->Settle();
  EXPECT_EQ(world.Issued(kTcbKey), world.now);
  EXPECT_EQ(world.lags.at("first"), 20 * kDay);
}

TEST(LaggingUpstream, StaysBehindAndStaysKnown) {
  LagWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  for (int day = 1; day <= 5; ++day) {
    world.now += kDay;
    ASSERT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
    EXPECT_EQ(world.Issued(kTcbKey), world.now) << day;
    EXPECT_EQ(world.lags.at("first"), 20 * kDay) << day;
  }
}

TEST(LaggingUpstream, IsThirdTimeLuckyAndTheNewestCounts) {
  LagWorld world(20 * kDay, 10 * kDay);
  world.next.push_back(world.Of("third", 15 * kDay));
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->item->issued(), world.now - 10 * kDay) << "neither the first nor the last";
  EXPECT_EQ(world.lags, (std::map<std::string, Seconds>{
                            {"first", 10 * kDay}, {"second", Seconds(0)}, {"third", 5 * kDay}}));
}

TEST(LaggingUpstream, OneThatIsYoungEnoughIsEnough) {
  for (const auto& [behind, second] : {std::pair(3 * kDay, 0), std::pair(3 * kDay + Seconds(1), 1)}) {
    LagWorld world(behind);
    ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
    EXPECT_EQ(world.asked["second"], second) << behind.count();
  }
}

TEST(LaggingUpstream, TheNextThatFailsTakesNothingAway) {
  for (const bool forged : {false, true}) {
    LagWorld world;
    world.next = {[&world, forged](const CollateralKey& key) -> Result<FetchedBytes> {
      if (!forged) return Unreachable();
      TRY_ASSIGN(FetchedBytes answer, world.Good(key));
      answer.bytes.body.back() ^= 1;
      return answer;
    }};
    const auto answer = world.cache->Get(kTcbKey, world.now);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->item->issued(), world.now - 20 * kDay);
    EXPECT_EQ(world.Count(Kind::kRefused), forged ? 1u : 0u);
    EXPECT_EQ(world.Count(Kind::kFetchFailed), 0u);
  }
}

// Upstreams that are all as old: nobody is said to lag, and a refresh is one question to each.
TEST(LaggingUpstream, OldIsNotBehind) {
  LagWorld world(10 * kDay, 10 * kDay);
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  EXPECT_EQ(world.asked, (std::map<std::string, int>{{"first", 1}, {"second", 1}}));
  EXPECT_EQ(world.lags, (std::map<std::string, Seconds>{{"first", Seconds(0)}, {"second", Seconds(0)}}));
  EXPECT_EQ(world.Count(Kind::kRenewed), 1u) << "the same twice is one arrival";
  for (int i = 0; i < 100; ++i) ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.cache->Settle();
  EXPECT_EQ(world.asked["first"] + world.asked["second"], 2);
}

TEST(LaggingUpstream, ACrlIsOldPastHalfOfItsWindow) {
  LagWorld world;
  ASSERT_TRUE(world.cache->Get(kPckCrlKey, world.now).ok());
  const ItemPtr crl = world.cache->Peek(kPckCrlKey, world.now)->item;
  const Instant middle = crl->issued() + (crl->next_update() - crl->issued()) / 2;
  EXPECT_FALSE(MayBeSuperseded(*crl, Seconds(0), middle));
  EXPECT_TRUE(MayBeSuperseded(*crl, Seconds(0), middle + Seconds(1)));
}

TEST(LaggingUpstream, OlderThanWhatIsHeldIsBehindHowYoungEver) {
  LagWorld world(Seconds(0));
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.upstream = world.Of("first", Seconds(3600));
  ASSERT_TRUE(world.cache->Refresh(kTcbKey, world.now).ok());
  EXPECT_EQ(world.lags.at("first"), Seconds(3600));
  EXPECT_EQ(world.asked["second"], 1);
}

}  // namespace
}  // namespace thimble
