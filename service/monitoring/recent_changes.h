// SPDX-License-Identifier: Apache-2.0
//
// What of the collateral has changed of late, in words, from its history.
#pragma once

#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"

namespace thimble {

// One version that came, and how it differs from the one before.
struct RecentChange {
  Instant at{};
  CollateralKey key;
  std::vector<std::string> lines;
};

struct RecentChanges {
  std::vector<RecentChange> changes;  // newest first
  uint64_t signed_anew = 0;           // versions that only extend their validity
};

// Thread-safe. What was found of an item stays found until another version of it is held.
class ChangeFinder {
 public:
  RecentChanges Since(CollateralCache& cache, const std::vector<CacheStatus>& items, Instant since);

 private:
  struct Found {
    std::string sha256;                  // of the version that is held
    std::vector<RecentChange> versions;  // without lines: signed anew
  };
  static constexpr size_t kMaxItems = 5000, kMaxVersions = 20;
  std::mutex mutex_;
  std::map<std::string, Found> found_;  // by KeyName
};

}  // namespace thimble
