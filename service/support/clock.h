// SPDX-License-Identifier: Apache-2.0
//
// The wall clock: read here and nowhere else. Everything below service/ is told the time.
#pragma once

#include <time.h>

#include <chrono>
#include <optional>

#include "tcb/base/time.h"

namespace thimble {

// Both clocks of the machine, read at one time.
struct ClockReading {
  Instant wall{};
  Seconds since_boot{0};  // runs on while the machine sleeps, and cannot be set
};

// The time of judgements: validity, freshness, "at" when the request has none. Frozen by --frozen-time;
// pacing, time-outs, back-off and TLS use real clocks all the same. A value; Now() may be called from many
// threads at once.
class Clock {
 public:
  explicit Clock(std::optional<Instant> frozen = std::nullopt) : frozen_(frozen) {}

  Instant Now() const { return frozen_ ? *frozen_ : WallTime(); }
  bool frozen() const { return frozen_.has_value(); }

  // The real time, for the Date header and the log.
  static Instant WallTime() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
  }
  static ClockReading BothClocks() {
    timespec boot{};
    ::clock_gettime(CLOCK_BOOTTIME, &boot);  // fails for clocks that do not exist alone
    return {WallTime(), Seconds(boot.tv_sec)};
  }

 private:
  std::optional<Instant> frozen_;
};

}  // namespace thimble
