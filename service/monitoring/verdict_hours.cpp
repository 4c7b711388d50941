// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/verdict_hours.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr int64_t kHours = 24;
constexpr size_t kMostListed = 5;

int64_t HourOf(Instant at) { return std::chrono::floor<std::chrono::hours>(at).time_since_epoch().count(); }

VerdictDay::Kind KindOf(const Verdict& verdict) {
  const std::string_view without = verdict.authentic ? "no status" : "not authentic";
  return {std::string(TeeName(verdict.tee)),
          std::string(verdict.tcb_status ? TcbStatusName(*verdict.tcb_status) : without)};
}

std::string TextOf(const Shortfall& shortfall) {
  const std::string need = shortfall.need_text.empty() ? std::to_string(shortfall.need) : shortfall.need_text;
  return StrCat(shortfall.component, " below ", need, shortfall.update.empty() ? "" : " (", shortfall.update,
                shortfall.update.empty() ? "" : ")");
}

std::string CauseOf(const VerificationOutcome& outcome) {
  if (const Finding* hard = outcome.verdict.hard()) return std::string(CheckName(hard->check));
  for (const RuleOutcome& rule : outcome.decision.rules) {
    if (!rule.ok) return StrCat("policy.", rule.rule);
  }
  return "policy";
}

std::vector<Summary::Count> MostFrequent(const std::map<std::string, uint64_t>& counts, size_t most) {
  std::vector<Summary::Count> out;
  for (const auto& [name, count] : counts) out.push_back({name, count});
  std::ranges::stable_sort(out, [](const auto& a, const auto& b) { return a.count > b.count; });
  out.resize(std::min(out.size(), most));
  return out;
}

}  // namespace

void VerdictNumbers::Add(const VerdictNumbers& more) {
  accepted += more.accepted;
  rejected += more.rejected;
  unavailable += more.unavailable;
}

void VerdictHours::Add(Counts& counts, const std::string& name) {
  const bool room = counts.size() < kMostNames || counts.contains(name);
  ++counts[room ? name : "others"];
}

void VerdictHours::Record(const VerificationOutcome& outcome, Instant now) {
  const int64_t number = HourOf(now);
  const std::lock_guard lock(mutex_);
  Hour& hour = hours_[number];
  if (outcome.error) {
    ++hour.by_status[{"unknown", "none"}].unavailable;
  } else {
    VerdictNumbers& numbers = hour.by_status[KindOf(outcome.verdict)];
    ++(outcome.decision.accept ? numbers.accepted : numbers.rejected);
    for (const Shortfall& shortfall : outcome.verdict.shortfalls) Add(hour.shortfalls, TextOf(shortfall));
    if (!outcome.decision.accept) Add(hour.causes, CauseOf(outcome));
  }
  while (hours_.begin()->first <= number - kHours) hours_.erase(hours_.begin());
}

VerdictDay VerdictHours::LastDay(Instant now) const {
  const int64_t last = HourOf(now), first = last - kHours + 1;
  VerdictDay day;
  day.begin = Instant(std::chrono::hours(first));
  day.since = std::max(start_, day.begin);
  const std::lock_guard lock(mutex_);
  for (const auto& [number, hour] : hours_) {
    if (number < first || number > last) continue;
    for (const auto& [kind, numbers] : hour.by_status) {
      day.hours.at(static_cast<size_t>(number - first)).Add(numbers);
      day.by_status[kind].Add(numbers);
      day.total.Add(numbers);
    }
    for (const auto& [name, count] : hour.shortfalls) day.shortfalls[name] += count;
    for (const auto& [name, count] : hour.causes) day.causes[name] += count;
  }
  return day;
}

Summary::Verdicts VerdictsOf(const VerdictDay& day) {
  std::map<std::string, uint64_t> statuses;
  for (const auto& [kind, numbers] : day.by_status) {
    const uint64_t given = numbers.accepted + numbers.rejected;
    if (given != 0) statuses[StrCat(kind.first, " ", kind.second)] = given;
  }
  return {.since = day.since,
          .accepted = day.total.accepted,
          .rejected = day.total.rejected,
          .errors = day.total.unavailable,
          .statuses = MostFrequent(statuses, statuses.size()),
          .shortfalls = MostFrequent(day.shortfalls, kMostListed),
          .causes = MostFrequent(day.causes, kMostListed)};
}

}  // namespace thimble
