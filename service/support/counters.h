// SPDX-License-Identifier: Apache-2.0
//
// Counters for hot paths: each thread adds to one of a few copies, so that threads do not wait for each other's cache
// lines; a reader adds them up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace thimble {

// Thread-safe. The number of counters is fixed.
class Counters {
 public:
  explicit Counters(size_t size) {
    for (auto& copy : copies_) copy = std::vector<std::atomic<uint64_t>>(size + kGap);
  }

  void Add(size_t counter, uint64_t by = 1) {
    copies_.at(Mine()).at(counter).fetch_add(by, std::memory_order_relaxed);
  }
  uint64_t Sum(size_t counter) const {
    uint64_t sum = 0;
    for (const auto& copy : copies_) sum += copy.at(counter).load(std::memory_order_relaxed);
    return sum;
  }

 private:
  static constexpr size_t kCopies = 8;
  static constexpr size_t kGap = 16;  // keeps the ends of two copies out of one cache line

  static size_t Mine() {
    static std::atomic<size_t> threads{0};
    thread_local const size_t mine = threads.fetch_add(1, std::memory_order_relaxed) % kCopies;
    return mine;
  }

  std::array<std::vector<std::atomic<uint64_t>>, kCopies> copies_;
};

}  // namespace thimble
