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

  // Each kind with its number since the start, those that have not happened too: {"hit", 12}, {"refused", 0}, ...
  std::vector<std::pair<std::string, uint64_t>> Counts() const;

 private:
  static constexpr size_t kKinds = static_cast<size_t>(CacheEvent::Kind::kStoreFailed) + 1;
  Counters counts_{kKinds};
};

}  // namespace thimble
