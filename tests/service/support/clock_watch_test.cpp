// SPDX-License-Identifier: Apache-2.0
#include "service/support/clock_watch.h"

#include <gtest/gtest.h>

#include <random>

namespace thimble {
namespace {

constexpr Seconds kMinute{60}, kHour{3600}, kDay{86'400};
constexpr Instant kStart = std::chrono::sys_days{std::chrono::year{2026} / 12 / 1};

// A machine whose clocks a test moves.
struct Machine {
  void Pass(Seconds time) {  // awake or asleep
    reading.wall += time;
    reading.since_boot += time;
  }
  std::optional<ClockJump> Set(Seconds by) {
    reading.wall += by;
    return watch.Look(reading);
  }
  ClockReading reading{kStart, kHour};
  ClockWatch watch{reading};
};

TEST(ClockWatch, TimeThatPassesIsNoJump) {
  Machine machine;
  for (const Seconds time : {Seconds(0), Seconds(10), kHour, 40 * kDay}) {  // a long suspend, too
    machine.Pass(time);
    EXPECT_FALSE(machine.watch.Look(machine.reading));
  }
}

TEST(ClockWatch, MoreThanAMinuteIsAJumpOnceEitherWay) {
  for (const Seconds by : {kMinute + Seconds(1), kHour, 40 * kDay, 400 * kDay}) {
    for (const Seconds step : {by, -by}) {
      Machine machine;
      machine.Pass(Seconds(10));
      const auto jump = machine.Set(step);
      ASSERT_TRUE(jump) << step.count();
      EXPECT_EQ(jump->by, step);
      EXPECT_EQ(jump->to, kStart + Seconds(10) + step);
      machine.Pass(Seconds(10));
      EXPECT_FALSE(machine.watch.Look(machine.reading)) << "it is told once";
      EXPECT_TRUE(machine.Set(-step)) << "back again";
    }
  }
}

TEST(ClockWatch, AMinuteIsNone) {
  for (const Seconds step : {kMinute, -kMinute, Seconds(1)}) EXPECT_FALSE(Machine().Set(step));
}

TEST(ClockWatch, SmallStepsAddUp) {
  Machine machine;
  EXPECT_FALSE(machine.Set(Seconds(40)));
  EXPECT_TRUE(machine.Set(Seconds(40)));
  EXPECT_FALSE(machine.Set(Seconds(40)));
}

// Whatever is done to the clock: what was not told is never more than a minute.
TEST(ClockWatch, WhatIsNotToldIsNeverMoreThanAMinute) {
  std::mt19937_64 random{14};
  std::uniform_int_distribution<int64_t> step(-90, 90), time(0, 100'000);
  Machine machine;
  Seconds set{0}, told{0};
  for (int i = 0; i < 10'000; ++i) {
    machine.Pass(Seconds(time(random)));
    const Seconds by{step(random)};
    set += by;
    if (const auto jump = machine.Set(by)) told += jump->by;
    ASSERT_LE(set - told, kMinute);
    ASSERT_GE(set - told, -kMinute);
  }
}

TEST(ClockWatch, ReadsClocksThatRunTogether) {
  ClockWatch watch(Clock::BothClocks());
  EXPECT_GT(Clock::BothClocks().since_boot, Seconds(0));
  EXPECT_FALSE(watch.Look(Clock::BothClocks()));
}

}  // namespace
}  // namespace thimble
