// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/recovery_watch.h"

#include <algorithm>

#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/intel/evaluation_numbers.h"

namespace thimble {
namespace {

std::string_view TeeText(IntelTee tee) { return tee == IntelTee::kTdx ? "tdx" : "sgx"; }

uint32_t Newest(const intel::EvaluationNumbers& list) {
  uint32_t newest = 0;
  for (const intel::EvaluationNumber& entry : list.numbers) newest = std::max(newest, entry.number);
  return newest;
}

uint32_t NewestUsed(const std::vector<UsedReference>& used) {
  uint32_t newest = 0;
  for (const UsedReference& reference : used) newest = std::max(newest, reference.evaluation);
  return newest;
}

void LogComing(const ComingSet& set) {
  Log(set.refused != 0 ? LogLevel::kWarning : LogLevel::kInfo, "recovery",
      {{"tee", TeeText(set.tee)},
       {"evaluation", set.number},
       {"in_force", set.in_force},
       {"refused", set.refused},
       {"changed_tcbs", set.kinds},
       {"unjudged_tcbs", set.unjudged}},
      StrCat("thimble impact --intel ", set.number, " says which"));
}

}  // namespace

void RecoveryWatch::Check(Instant now) {
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    const auto found = FindComing(tee, now);
    RecordFailure(tee, found);
    Record(tee, found ? *found : std::nullopt);
  }
}

Result<std::optional<ComingSet>> RecoveryWatch::FindComing(IntelTee tee, Instant now) const {
  const Tee kind = tee == IntelTee::kTdx ? Tee::kTdx : Tee::kSgx;
  const auto platforms = seen_.All();
  const bool any = std::any_of(platforms.begin(), platforms.end(), [&](const RememberedTcb& remembered) {
    return TeeOf(remembered.tcb) == kind;
  });
  const BaselinePtr current = book_.Find("default");
  const auto policies = policies_.Get();
  const auto policy = policies->find("default");
  if (!any || !current || policy == policies->end()) return std::optional<ComingSet>();

  TRY_ASSIGN(const CacheAnswer list, cache_.Get(EvaluationNumbersKey{tee}, now));
  const uint32_t newest = Newest(*list.item->numbers());
  ImpactSide candidate{"newest", current->baseline, *policy->second};
  candidate.baseline.intel = {{Selector::Kind::kNumber, newest}, {}};
  TRY_ASSIGN(const ImpactReport report,
             study_.Run({StrCat(current->name, "@", current->version), current->baseline, *policy->second},
                        candidate, now, kind));
  const uint32_t in_force = NewestUsed(report.used_now);
  if (in_force == 0 || newest <= in_force) return std::optional<ComingSet>();
  return std::optional(ComingSet{tee, newest, in_force, RefusedThen(report.impact).sightings.value_or(0),
                                 report.impact.changes.size(), report.impact.unjudged.size()});
}

void RecoveryWatch::RecordFailure(IntelTee tee, const Result<std::optional<ComingSet>>& found) {
  const std::lock_guard lock(mutex_);
  std::string& last = failures_[tee];
  const std::string failure = found ? "" : found.error().message;
  if (last == failure) return;
  last = failure;
  if (!failure.empty()) LogWarning("recovery watch failed", {{"tee", TeeText(tee)}}, failure);
}

void RecoveryWatch::Record(IntelTee tee, const std::optional<ComingSet>& coming) {
  const std::lock_guard lock(mutex_);
  const auto before = coming_.find(tee);
  if (!coming) {
    coming_.erase(tee);
    return;
  }
  const bool told = before != coming_.end() && before->second.number == coming->number &&
                    before->second.kinds == coming->kinds && before->second.unjudged == coming->unjudged;
  coming_.insert_or_assign(tee, *coming);
  if (told) return;
  LogComing(*coming);
}

std::vector<ComingSet> RecoveryWatch::Coming() const {
  const std::lock_guard lock(mutex_);
  std::vector<ComingSet> all;
  for (const auto& [tee, set] : coming_) all.push_back(set);
  return all;
}

}  // namespace thimble
