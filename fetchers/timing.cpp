// SPDX-License-Identifier: Apache-2.0
#include "fetchers/timing.h"

#include <thread>

namespace thimble {

Timing RealTiming() {
  return {[] { return std::chrono::steady_clock::now(); },
          [](SteadyTime until) { std::this_thread::sleep_until(until); }};
}

}  // namespace thimble
