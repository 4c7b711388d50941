// SPDX-License-Identifier: Apache-2.0
//
// Past nextUpdate (DESIGN section 3): one attempt a back-off interval, then what there is, for a while.
#include <gtest/gtest.h>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

// A world whose TCB info has ended an hour ago, and whose upstream cannot be reached.
struct Ended : CacheWorld {
  explicit Ended(CacheOptions options = {}) : CacheWorld(options) {
    end = cache->Get(kTcbKey, now)->item->next_update();
    now = end + hours(1);
    fetches = 0;
    upstream = [](const CollateralKey&) -> Result<FetchedBytes> { return Unreachable(); };
  }
  Instant end;
};

TEST(Stale, IsRenewedBeforeItIsServed) {
  Ended world;
  world.intel = world.intel.At(world.now);
  world.upstream = [&](const CollateralKey& key) { return world.Good(key); };
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->freshness, Freshness::kFresh);
  EXPECT_FALSE(answer->hit);
  EXPECT_EQ(world.fetches, 1);
  EXPECT_EQ(world.Count(Kind::kStaleServed), 0u);
}

TEST(Stale, AtNextUpdateItselfItIsStillGood) {
  Ended world;
  EXPECT_NE(world.cache->Get(kTcbKey, world.end)->freshness, Freshness::kStale);
  EXPECT_EQ(world.cache->Get(kTcbKey, world.end + Seconds(1))->freshness, Freshness::kStale);
}

TEST(Stale, IsServedWhenItCannotBeRenewed) {
  Ended world;
  const auto answer = world.cache->Get(kTcbKey, world.now);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->freshness, Freshness::kStale);
  EXPECT_EQ(answer->item->next_update(), world.end);
  EXPECT_EQ(world.Count(Kind::kStaleServed), 1u);
}

TEST(Stale, OneAttemptABackOffIntervalNotARequest) {
  Ended world;
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->freshness, Freshness::kStale);
  EXPECT_EQ(world.fetches, 1);
  world.Tick(milliseconds(8'999));
  (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_EQ(world.fetches, 1);
  world.Tick(milliseconds(1'001));
  for (int i = 0; i < 20; ++i) (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_EQ(world.fetches, 2);
  world.Tick(seconds(10));  // the second failure in a row: twice as long
  (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_EQ(world.fetches, 2);
  world.Tick(seconds(10));
  (void)world.cache->Get(kTcbKey, world.now);
  EXPECT_EQ(world.fetches, 3);
}

TEST(Stale, AnUpstreamThatIsStaleItselfIsNotAskedEachTime) {
  Ended world;
  world.upstream = [&](const CollateralKey& key) { return world.Good(key); };  // the same version as before
  for (int i = 0; i < 20; ++i) EXPECT_EQ(world.cache->Get(kTcbKey, world.now)->freshness, Freshness::kStale);
  EXPECT_EQ(world.fetches, 1);
  EXPECT_EQ(world.Count(Kind::kUnchanged), 1u);
}

TEST(Stale, GraceEnds) {
  Ended world;
  const Instant last = world.end + hours(7 * 24);
  EXPECT_EQ(world.cache->Get(kTcbKey, last)->freshness, Freshness::kStale);
  const auto refused = world.cache->Get(kTcbKey, last + Seconds(1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(refused.error().check, Check::kUpstreamUnreachable) << "the cause";
}

// Neither an upstream that has none any more, nor a mode that asks none, makes of it what was never there.
TEST(Stale, AfterGraceItIsUnavailableWhateverTheCause) {
  for (const Check cause : {Check::kUpstreamNotFound, Check::kModeForbidsFetch}) {
    Ended world;
    world.upstream = [cause](const CollateralKey&) -> Result<FetchedBytes> {
      return Error{ErrorKind::kUnavailable, cause, "the cause"};
    };
    EXPECT_TRUE(world.cache->Get(kTcbKey, world.end + hours(7 * 24)).ok());
    for (int i = 0; i < 2; ++i) {
      const auto refused = world.cache->Get(kTcbKey, world.end + hours(7 * 24) + Seconds(1));
      EXPECT_EQ(CheckOf(refused), Check::kCollateralMissing);
      EXPECT_EQ(refused.error().kind, ErrorKind::kUnavailable);
      EXPECT_NE(refused.error().message.find("the cause"), std::string::npos) << refused.error().message;
    }
    EXPECT_EQ(CheckOf(world.cache->Get(kTdxTcbKey, world.now)), cause) << "what is not held";
  }
}

TEST(Stale, GraceIsAnOption) {
  CacheOptions options;
  options.stale_grace = Seconds(0);
  Ended world(options);
  EXPECT_FALSE(world.cache->Get(kTcbKey, world.end + Seconds(1)).ok());
}

TEST(Stale, AfterGraceItIsStillAskedFor) {
  Ended world;
  const Instant late = world.end + hours(30 * 24);
  EXPECT_FALSE(world.cache->Get(kTcbKey, late).ok());
  world.intel = world.intel.At(late);
  world.upstream = [&](const CollateralKey& key) { return world.Good(key); };
  world.Tick(seconds(10));
  EXPECT_EQ(world.cache->Get(kTcbKey, late)->freshness, Freshness::kFresh);
}

TEST(Stale, AnItemThatComesStaleIsServedAsSuch) {
  CacheWorld world;
  const Instant late = world.now + hours(25 * 24);
  const auto answer = world.cache->Get(kTcbKey, late);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->freshness, Freshness::kStale);
  EXPECT_FALSE(answer->hit);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(world.cache->Get(kTcbKey, late).ok());
  EXPECT_EQ(world.fetches, 1);
  CacheWorld later;
  EXPECT_EQ(CheckOf(later.cache->Get(kTcbKey, later.now + hours(35 * 24))), Check::kUpstreamAnswer);
}

}  // namespace
}  // namespace thimble
