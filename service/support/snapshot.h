// SPDX-License-Identifier: Apache-2.0
//
// A value that is replaced as a whole while others read it: they keep the one they took.
#pragma once

#include <memory>
#include <mutex>
#include <utility>

namespace thimble {

// Thread-safe.
template <class T>
class Snapshot {
 public:
  explicit Snapshot(T value) : value_(std::make_shared<const T>(std::move(value))) {}

  std::shared_ptr<const T> Get() const {
    const std::lock_guard lock(mutex_);
    return value_;
  }
  void Set(T value) {
    auto fresh = std::make_shared<const T>(std::move(value));
    const std::lock_guard lock(mutex_);
    value_.swap(fresh);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const T> value_;
};

}  // namespace thimble
