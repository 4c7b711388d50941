// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/recent_verdicts.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr int64_t kHours = 24;
constexpr size_t kMostListed = 5;

int64_t HourNumber(Instant at) { return at.time_since_epoch().count() / 3600; }

std::string StatusOf(const Verdict& verdict) {
  return StrCat(
      TeeName(verdict.tee), " ",
      verdict.tcb_status ? TcbStatusName(*verdict.tcb_status) : std::string_view("without a status"));
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

void RecentVerdicts::Add(Counts& counts, const std::string& name) {
  const bool room = counts.size() < kMostNames || counts.contains(name);
  ++counts[room ? name : "others"];
}

// A clock that was set back goes on in the hour that it was ahead to.
RecentVerdicts::Hour& RecentVerdicts::HourOf(Instant now) {
  const int64_t number = HourNumber(now);
  if (hours_.empty() || hours_.back().number < number) hours_.push_back({.number = number});
  while (hours_.front().number <= hours_.back().number - kHours) hours_.pop_front();
  return hours_.back();
}

void RecentVerdicts::Record(const VerificationOutcome& outcome, Instant now) {
  const std::lock_guard lock(mutex_);
  Hour& hour = HourOf(now);
  if (outcome.error) {
    ++hour.errors;
    return;
  }
  ++(outcome.decision.accept ? hour.accepted : hour.rejected);
  Add(hour.statuses, StatusOf(outcome.verdict));
  for (const Shortfall& shortfall : outcome.verdict.shortfalls) Add(hour.shortfalls, TextOf(shortfall));
  if (!outcome.decision.accept) Add(hour.causes, CauseOf(outcome));
}

Summary::Verdicts RecentVerdicts::LastDay(Instant now) const {
  Summary::Verdicts day;
  day.since = std::max(start_, now - std::chrono::hours(kHours));
  Counts statuses, shortfalls, causes;
  const std::lock_guard lock(mutex_);
  for (const Hour& hour : hours_) {
    if (hour.number <= HourNumber(now) - kHours) continue;
    day.accepted += hour.accepted;
    day.rejected += hour.rejected;
    day.errors += hour.errors;
    for (const auto& [name, count] : hour.statuses) statuses[name] += count;
    for (const auto& [name, count] : hour.shortfalls) shortfalls[name] += count;
    for (const auto& [name, count] : hour.causes) causes[name] += count;
  }
  day.statuses = MostFrequent(statuses, kMostNames);
  day.shortfalls = MostFrequent(shortfalls, kMostListed);
  day.causes = MostFrequent(causes, kMostListed);
  return day;
}

}  // namespace thimble
