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

// Stands where no upstream has confirmed what is held: it came from outside.
inline constexpr Instant kNever{};

// Whether something happened less than `span` ago. What lies after now has not: a clock that was ahead wrote it down.
// Whoever waits for a while asks this, so that no clock makes a while of months.
constexpr bool HappenedWithin(Seconds span, Instant at, Instant now) {
  return at != kNever && at <= now && now - at < span;
}

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
  Instant last_check{};                // last time an upstream confirmed or renewed it, or kNever
  Renewal renewal = Renewal::kDaily;
  uint64_t jitter_seed = 0;  // spreads the due times of keys and instances; same seed, same time
};

struct FreshnessRules {
  Seconds max_age{24 * 3600};
};

// When an upstream last confirmed the item. A time after now counts as never: a clock that was ahead wrote it down, and
// what is to be known of the vendor since is not known.
Instant LastCheck(const FreshnessInput& input, Instant now);

struct FreshnessState {
  Freshness freshness;
  Instant next_refresh;  // when it becomes due
};
FreshnessState JudgeFreshness(const FreshnessInput& input, const FreshnessRules& rules, Instant now);

}  // namespace thimble
