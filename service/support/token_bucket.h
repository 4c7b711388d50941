// SPDX-License-Identifier: Apache-2.0
//
// A budget that fills up again: so much at once, and so much a second from then on.
#pragma once

#include <chrono>

namespace thimble {

struct TokenRate {
  double per_second = 0;
  double burst = 0;
};

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // One token, where that leaves as many as `leave`.
  bool Take(const TokenRate& rate, Time now, double leave = 0);
  bool full(const TokenRate& rate, Time now) const;

 private:
  double Level(const TokenRate& rate, Time now) const;
  double level_ = -1;  // below zero: never used, so full
  Time at_{};
};

}  // namespace thimble
