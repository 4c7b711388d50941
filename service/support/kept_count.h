// SPDX-License-Identifier: Apache-2.0
//
// A count that costs something, for whoever may ask as often as they like: counted anew once in a while, and told from
// memory in between.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>

namespace thimble {

// Thread-safe: one counts, and whoever asks meanwhile waits for that count.
class KeptCount {
 public:
  using Time = std::chrono::steady_clock::time_point;
  KeptCount(std::function<size_t()> count, std::function<Time()> clock, std::chrono::seconds keep)
      : count_(std::move(count)), clock_(std::move(clock)), keep_(keep) {}

  size_t Get() {
    const std::lock_guard lock(mutex_);
    if (!counted_ || clock_() - *counted_ >= keep_) {
      last_ = count_();
      counted_ = clock_();
    }
    return last_;
  }

 private:
  const std::function<size_t()> count_;
  const std::function<Time()> clock_;
  const std::chrono::seconds keep_;
  std::mutex mutex_;
  std::optional<Time> counted_;
  size_t last_ = 0;
};

}  // namespace thimble
