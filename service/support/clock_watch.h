// SPDX-License-Identifier: Apache-2.0
//
// Tells when the wall clock is set: it then moves beside the time since boot, which counts while the machine sleeps,
// too. What was judged and written down by the clock of before may be wrong.
#pragma once

#include <optional>

#include "service/support/clock.h"

namespace thimble {

struct ClockJump {
  Instant to{};   // what the wall clock said when it was noticed
  Seconds by{0};  // forward, or back where negative
};

// Not thread-safe. Pure: it is given the readings, each of both clocks at one time.
class ClockWatch {
 public:
  explicit ClockWatch(const ClockReading& first) : offset_(first.wall - first.since_boot) {}

  // By more than a minute since the first reading or the last jump, in one step or in many.
  std::optional<ClockJump> Look(const ClockReading& now) {
    const auto offset = now.wall - now.since_boot;
    const Seconds by = offset - offset_;
    if (by >= -kTolerance && by <= kTolerance) return std::nullopt;
    offset_ = offset;
    return ClockJump{now.wall, by};
  }

 private:
  static constexpr Seconds kTolerance{60};
  Instant offset_;  // when the machine was booted, by the wall clock
};

}  // namespace thimble
