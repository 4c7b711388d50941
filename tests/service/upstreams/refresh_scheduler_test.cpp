// SPDX-License-Identifier: Apache-2.0
//
// What the scheduler makes of a wall clock that is set.
#include "service/upstreams/refresh_scheduler.h"

#include <gtest/gtest.h>

#include "tests/cache/cache_world.h"

namespace thimble {
namespace {

using namespace test;

struct SchedulerWorld : CacheWorld {
  SchedulerWorld() {
    for (const CollateralKey& key : {kRootCrlKey, kPckCrlKey}) EXPECT_TRUE(cache->Get(key, now).ok());
    fetches = 0;
  }

  ClockReading reading{now, hours(1)};
  const Clock clock{now};
  Refresher refresher{*cache, {}};
  RefreshScheduler scheduler{refresher, clock, [this] { return reading; }};
};

TEST(RefreshScheduler, AsksForEverythingWhenTheClockWasSet) {
  for (const Seconds by : {Seconds(3600), Seconds(-3600), Seconds(400 * 86'400), Seconds(-400 * 86'400)}) {
    SchedulerWorld world;
    world.reading.wall += hours(1);  // time goes by, and a suspend
    world.reading.since_boot += hours(1);
    world.scheduler.LookAtClock();
    EXPECT_EQ(world.fetches, 0);
    EXPECT_FALSE(world.scheduler.jump());
    EXPECT_EQ(world.scheduler.totals().passes, 0u);

    world.reading.wall += by;
    world.scheduler.LookAtClock();
    EXPECT_EQ(world.scheduler.totals().jumps, 1u);
    EXPECT_EQ(world.scheduler.totals().passes, 1u) << "at once";
    world.scheduler.LookAtClock();
    EXPECT_EQ(world.scheduler.totals().jumps, 1u) << "it is told once";
    EXPECT_EQ(world.scheduler.totals().passes, 1u);
  }
}

TEST(RefreshScheduler, ACompletePassSettlesAJump) {
  SchedulerWorld world;
  world.scheduler.NoteJump({world.now + Seconds(1), hours(1)});  // nothing was checked since
  world.upstream = [&world](const CollateralKey& key) -> Result<FetchedBytes> {
    if (key == kRootCrlKey) return Unreachable();
    return world.Good(key);
  };
  const RefreshReport report = world.scheduler.RunNow();
  EXPECT_EQ(report.not_due, 0u);
  EXPECT_FALSE(report.complete());
  ASSERT_TRUE(world.scheduler.jump());
  EXPECT_EQ(world.scheduler.jump()->by, hours(1));

  world.upstream = [&world](const CollateralKey& key) { return world.Good(key); };
  EXPECT_TRUE(world.scheduler.RunNow().complete());
  EXPECT_FALSE(world.scheduler.jump());
  EXPECT_EQ(world.scheduler.totals().jumps, 1u);
  world.fetches = 0;
  EXPECT_EQ(world.scheduler.RunNow().not_due, 2u) << "and nothing is due any more";
  EXPECT_EQ(world.fetches, 0);
}

TEST(RefreshScheduler, AJumpDuringAPassIsNotSettledByIt) {
  SchedulerWorld world;
  world.scheduler.NoteJump({world.now + Seconds(1), hours(1)});
  std::atomic<bool> jumped{false};
  world.upstream = [&](const CollateralKey& key) {
    if (!jumped.exchange(true)) world.scheduler.NoteJump({world.now + Seconds(2), Seconds(61)});
    return world.Good(key);
  };
  EXPECT_TRUE(world.scheduler.RunNow().complete());
  ASSERT_TRUE(world.scheduler.jump());
  EXPECT_EQ(world.scheduler.jump()->by, Seconds(61));
  EXPECT_TRUE(world.scheduler.RunNow().complete());
  EXPECT_FALSE(world.scheduler.jump());
}

// One item, or what is held of an FMSPC, settles nothing.
TEST(RefreshScheduler, SomeItemsAreNotEverything) {
  SchedulerWorld world;
  world.scheduler.NoteJump({world.now, hours(1)});
  EXPECT_TRUE(world.scheduler.RunItem(kRootCrlKey)->complete());
  EXPECT_TRUE(world.scheduler.jump());
  EXPECT_EQ(world.fetches, 1);
  EXPECT_EQ(CheckOf(world.scheduler.RunItem(kTcbKey)), Check::kRequest) << "not held";
  EXPECT_EQ(CheckOf(world.scheduler.RunFmspc(*intel::Fmspc::FromHex(sim::kServerFmspc))), Check::kRequest);
}

}  // namespace
}  // namespace thimble
