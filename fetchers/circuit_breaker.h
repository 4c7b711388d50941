// SPDX-License-Identifier: Apache-2.0
//
// Remembers that an upstream could not be reached, so that not every request waits for it, and notices that it is back.
#pragma once

#include <atomic>
#include <chrono>
#include <mutex>

#include "fetchers/timing.h"

namespace thimble {

struct BreakerOptions {
  int failures = 3;                          // in a row, to open
  std::chrono::milliseconds window{10'000};  // for which it stays open
};

// Thread-safe.
class CircuitBreaker {
 public:
  explicit CircuitBreaker(BreakerOptions options) : options_(options) {}

  // False while open. After each window one caller is let through to try; the others once it has succeeded.
  bool Admit(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (failures_ < options_.failures) return true;
    if (now < open_until_) return false;
    open_until_ = now + options_.window;
    return true;
  }
  void Succeeded() {
    const std::lock_guard lock(mutex_);
    failures_ = 0;
  }
  // True when this failure opens it. That of a try counts from when it was let through.
  bool Failed(SteadyTime now) {
    const std::lock_guard lock(mutex_);
    if (++failures_ != options_.failures) return false;
    open_until_ = now + options_.window;
    return true;
  }
  bool open(SteadyTime now) const {
    const std::lock_guard lock(mutex_);
    return failures_ >= options_.failures && now < open_until_;
  }

 private:
  const BreakerOptions options_;
  mutable std::mutex mutex_;
  int failures_ = 0;
  SteadyTime open_until_{};
};

// Knows when an outage ends: several failures in a row, whatever was asked for, then an answer. One item that fails among
// others that do not is no outage. Thread-safe.
class OutageWatch {
 public:
  explicit OutageWatch(int failures) : needed_(failures) {}

  void Failed() { ++in_a_row_; }
  // True: it was out, and is back.
  bool Answered() { return in_a_row_.exchange(0) >= needed_; }

 private:
  const int needed_;
  std::atomic<int> in_a_row_{0};
};

}  // namespace thimble
