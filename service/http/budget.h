// SPDX-License-Identifier: Apache-2.0
//
// So much of a thing for all together: bytes of bodies, threads that wait.
#pragma once

#include <atomic>
#include <cstddef>

namespace thimble::http {

// Thread-safe. Must outlive its shares.
class Budget {
 public:
  explicit Budget(size_t all) : all_(all), free_(all) {}

  size_t all() const { return all_; }

  // What one holds of it, given back at the end. Used by one thread at a time.
  class Share {
   public:
    explicit Share(Budget& budget) : budget_(budget) {}
    ~Share() { budget_.free_ += held_; }
    Share(const Share&) = delete;
    Share& operator=(const Share&) = delete;

    // Holds `amount` instead of what it held. False, and nothing has changed: there is not as much left.
    bool Hold(size_t amount) {
      if (amount > held_ && !budget_.Take(amount - held_)) return false;
      if (amount < held_) budget_.free_ += held_ - amount;
      held_ = amount;
      return true;
    }

   private:
    Budget& budget_;
    size_t held_ = 0;
  };

 private:
  bool Take(size_t amount) {
    size_t free = free_;
    do {
      if (amount > free) return false;
    } while (!free_.compare_exchange_weak(free, free - amount));
    return true;
  }

  const size_t all_;
  std::atomic<size_t> free_;
};

}  // namespace thimble::http
