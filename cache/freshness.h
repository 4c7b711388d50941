// SPDX-License-Identifier: Apache-2.0
//
// Freshness as a pure function of what is known of an item and the time (DESIGN section 3).
#pragma once

#include <cstdint>
#include <string_view>

#include "tcb/base/time.h"

namespace thimble {

enum class Freshness : uint8_t {
  kFresh,
  kRefreshDue,  // past half of the validity, or older than max_age: still good, renewed in the background
  kStale,       // past nextUpdate
};
std::string_view FreshnessName(Freshness freshness);  // "fresh", "refresh-due", "stale": X-Thimble-Freshness

struct FreshnessInput {
  Validity window;        // issue date .. nextUpdate of the item
  Instant last_check{};   // last time an upstream confirmed or renewed it
  bool re_signed = true;  // re-signed by the vendor every day (TCB infos, identities, CRLs): max_age applies
  uint64_t jitter_seed = 0;  // spreads the due times of keys and instances; same seed, same time
};

struct FreshnessRules {
  Seconds max_age{24 * 3600};
};

struct FreshnessState {
  Freshness freshness;
  Instant next_refresh;  // when it becomes due
};
FreshnessState JudgeFreshness(const FreshnessInput& input, const FreshnessRules& rules, Instant now);

}  // namespace thimble
