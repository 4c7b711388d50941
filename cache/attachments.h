// SPDX-License-Identifier: Apache-2.0
//
// What others have made of an item, to be made once: kept as long as the item is cached. Reading takes no lock.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <memory>

namespace thimble {

// Thread-safe. Each place holds values of one type.
class Attachments {
 public:
  static constexpr size_t kPlaces = 8;

  Attachments() = default;
  ~Attachments() {
    for (auto& place : places_) delete place.load(std::memory_order_relaxed);
  }
  Attachments(const Attachments&) = delete;
  Attachments& operator=(const Attachments&) = delete;

  // The value at this place; made by `make` where there is none. Of two that are made at a time, one is kept.
  template <class T, class Make>
  std::shared_ptr<const T> GetOrMake(size_t place, const Make& make) const {
    std::atomic<Value*>& kept = places_.at(place);
    if (const Value* const value = kept.load(std::memory_order_acquire))
      return std::static_pointer_cast<const T>(*value);
    std::shared_ptr<const T> made = make();
    auto fresh = std::make_unique<Value>(made);
    Value* none = nullptr;
    if (kept.compare_exchange_strong(none, fresh.get(), std::memory_order_release,
                                     std::memory_order_relaxed)) {
      fresh.release();
    }
    return made;
  }

 private:
  using Value = std::shared_ptr<const void>;
  mutable std::array<std::atomic<Value*>, kPlaces> places_{};
};

}  // namespace thimble
