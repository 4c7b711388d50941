// SPDX-License-Identifier: Apache-2.0
//
// Jitter that only ever shortens an interval, by up to a tenth: what is promised "after at most this long"
// stays true.
#pragma once

#include <chrono>
#include <cstdint>

namespace thimble {

// SplitMix64: well mixed bits of a seed.
inline uint64_t MixSeed(uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

// Between nine tenths and all of `interval`; the same seed gives the same.
template <class Rep, class Period>
std::chrono::duration<Rep, Period> Shorten(std::chrono::duration<Rep, Period> interval, uint64_t seed) {
  const auto tenth = interval.count() / 10;
  if (tenth <= 0) return interval;
  const auto cut = MixSeed(seed) % (static_cast<uint64_t>(tenth) + 1);
  return interval - std::chrono::duration<Rep, Period>(static_cast<Rep>(cut));
}

}  // namespace thimble
