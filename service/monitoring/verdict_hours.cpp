// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/verdict_hours.h"

namespace thimble {
namespace {

constexpr int64_t kHours = 24;

int64_t HourOf(Instant at) { return std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count(); }

}  // namespace

void VerdictNumbers::Add(const VerdictNumbers& more) {
  accepted += more.accepted;
  rejected += more.rejected;
  unavailable += more.unavailable;
}

void VerdictHours::Record(const VerificationOutcome& outcome, Instant now) {
  const Verdict& verdict = outcome.verdict;
  VerdictNumbers one;
  std::pair<std::string, std::string> kind{"unknown", "none"};
  if (outcome.error) {
    one.unavailable = 1;
  } else {
    (outcome.decision.accept ? one.accepted : one.rejected) = 1;
    kind.first = TeeName(verdict.tee);
    kind.second = verdict.tcb_status ? TcbStatusName(*verdict.tcb_status)
                                     : std::string_view(verdict.authentic ? "no status" : "not authentic");
  }
  const int64_t hour = HourOf(now);
  const std::lock_guard lock(mutex_);
  hours_[hour][kind].Add(one);
  while (!hours_.empty() && hours_.begin()->first <= hour - kHours) hours_.erase(hours_.begin());
}

VerdictDay VerdictHours::LastDay(Instant now) const {
  const int64_t last = HourOf(now), first = last - kHours + 1;
  VerdictDay day;
  day.begin = Instant(std::chrono::hours(first));
  const std::lock_guard lock(mutex_);
  for (const auto& [hour, kinds] : hours_) {
    if (hour < first || hour > last) continue;
    for (const auto& [kind, numbers] : kinds) {
      day.hours.at(static_cast<size_t>(hour - first)).Add(numbers);
      day.by_status[kind].Add(numbers);
      day.total.Add(numbers);
    }
  }
  return day;
}

}  // namespace thimble
