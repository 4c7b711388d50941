// SPDX-License-Identifier: Apache-2.0
//
// What happens in the cache, counted and logged.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "cache/event.h"
#include "service/support/counters.h"

namespace thimble {

// Thread-safe.
class CacheEvents {
 public:
  void Record(const CacheEvent& event);

  // Kinds with their numbers since the start, {"hit", 12}, {"refused", 1}, ...: those that have happened, or all.
  enum class Which : uint8_t { kHappened, kAll };
  std::vector<std::pair<std::string, uint64_t>> Counts(Which which = Which::kHappened) const;

 private:
  static constexpr size_t kKinds = static_cast<size_t>(CacheEvent::Kind::kStoreFailed) + 1;
  Counters counts_{kKinds};
};

}  // namespace thimble
