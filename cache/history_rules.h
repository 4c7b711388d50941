// SPDX-License-Identifier: Apache-2.0
//
// How much of the past is kept, of each key.
#pragma once

#include <cstddef>

#include "tcb/base/time.h"

namespace thimble {

struct HistoryRules {
  Seconds max_age{400 * 24 * 3600};  // since a version was issued
  size_t max_versions = 1000;
  bool operator==(const HistoryRules&) const = default;
};

}  // namespace thimble
