// SPDX-License-Identifier: Apache-2.0
#include "service/support/token_bucket.h"

#include <algorithm>

namespace thimble {

double TokenBucket::Level(const TokenRate& rate, Time now) const {
  if (level_ < 0) return rate.burst;
  // Of two threads, the one that read the clock first may come second.
  const double seconds = std::max(0.0, std::chrono::duration<double>(now - at_).count());
  return std::min(rate.burst, level_ + seconds * rate.per_second);
}

bool TokenBucket::full(const TokenRate& rate, Time now) const { return Level(rate, now) >= rate.burst; }

bool TokenBucket::Take(const TokenRate& rate, Time now, double leave) {
  const double level = Level(rate, now);
  const bool taken = level >= 1 + leave;
  level_ = taken ? level - 1 : level;
  at_ = std::max(at_, now);
  return taken;
}

}  // namespace thimble
