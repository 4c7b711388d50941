// SPDX-License-Identifier: Apache-2.0
#include "cache/freshness.h"

#include <algorithm>

#include "cache/jitter.h"

namespace thimble {
namespace {

// A check that brought nothing newer is not repeated sooner (DESIGN section 3).
constexpr Seconds kRecheckFloor{600};

// From the last check to when the item is due: the rest of the first half of the validity, or half of what is
// left.
Seconds RefreshInterval(const FreshnessInput& input, Instant end) {
  const Instant middle = input.window.not_before + (end - input.window.not_before) / 2;
  if (input.last_check < middle) return middle - input.last_check;
  return std::max((end - input.last_check) / 2, Seconds(0));
}

Instant NextRefresh(const FreshnessInput& input, const FreshnessRules& rules) {
  if (input.renewal == Renewal::kNever) return input.window.not_after;
  Seconds interval = RefreshInterval(input, std::min(input.window.not_after, input.chain_end));
  if (input.renewal == Renewal::kDaily) interval = std::min(interval, rules.max_age);
  interval = Shorten(interval, input.jitter_seed);
  if (input.last_check > input.fetched) interval = std::max(interval, kRecheckFloor);
  return input.last_check + interval;
}

}  // namespace

std::string_view FreshnessName(Freshness freshness) {
  switch (freshness) {
    case Freshness::kFresh:
      return "fresh";
    case Freshness::kRefreshDue:
      return "refresh-due";
    case Freshness::kStale:
      return "stale";
  }
  return "";
}

Instant LastCheck(const FreshnessInput& input, Instant now) {
  return std::max(input.last_check, input.fetched) <= now ? input.last_check : kNever;
}

FreshnessState JudgeFreshness(const FreshnessInput& input, const FreshnessRules& rules, Instant now) {
  const bool due_at_once = input.renewal != Renewal::kNever && LastCheck(input, now) == kNever;
  const Instant due = due_at_once ? std::min(input.window.not_before, now) : NextRefresh(input, rules);
  if (now > input.window.not_after) return {Freshness::kStale, due};
  return {now >= due ? Freshness::kRefreshDue : Freshness::kFresh, due};
}

}  // namespace thimble
