// SPDX-License-Identifier: Apache-2.0
//
// Exclusive turns by name: what is decided about a key and written down for it is one step.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>

namespace thimble {

// Thread-safe. A turn lasts as long as its object; nobody who has another name waits for it.
class KeyedMutex {
 public:
  class Turn {
   public:
    Turn(KeyedMutex* turns, std::string name) : turns_(turns), name_(std::move(name)) {
      std::unique_lock lock(turns_->mutex_);
      turns_->over_.wait(lock, [this] { return !turns_->taken_.contains(name_); });
      turns_->taken_.insert(name_);
    }
    ~Turn() {
      const std::lock_guard lock(turns_->mutex_);
      turns_->taken_.erase(name_);
      turns_->over_.notify_all();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;

   private:
    KeyedMutex* turns_;
    std::string name_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable over_;
  std::set<std::string> taken_;
};

}  // namespace thimble
