// SPDX-License-Identifier: Apache-2.0
//
// The clock and the waiting of the fetchers, given in so that tests step them. Time-outs, pacing and back-off
// only: judgements of time take `now` elsewhere.
#pragma once

#include <chrono>
#include <functional>

namespace thimble {

using SteadyTime = std::chrono::steady_clock::time_point;
using SteadyClock = std::function<SteadyTime()>;

struct Timing {
  SteadyClock now;
  std::function<void(SteadyTime)> sleep_until;
};
Timing RealTiming();

}  // namespace thimble
