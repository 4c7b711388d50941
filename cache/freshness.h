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

// How an item is renewed.
enum class Renewal : uint8_t {
  kDaily,     // the vendor re-signs it every day (TCB infos, identities, CRLs): max_age applies
  kHalfLife,  // static for long: due at half of its validity
  kNever,     // good until not_after (VCEKs)
};

struct FreshnessInput {
  Validity window;                     // issue date .. nextUpdate of the item
  Instant chain_end = Instant::max();  // when the first certificate of its issuer chain expires
  Instant fetched{};                   // when these bytes came
  Instant last_check{};                // last time an upstream confirmed or renewed it; `fetched` or later
  Renewal renewal = Renewal::kDaily;
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
