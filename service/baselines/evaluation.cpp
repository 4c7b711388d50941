// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/evaluation.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Result<ItemPtr> List(IntelTee tee, CollateralCache& cache, Instant at, ListOf list) {
  const EvaluationNumbersKey key{tee};
  if (list == ListOf::kThen) {
    if (const auto version = cache.HistoryAt(key, at)) return version->item;
    return Error{ErrorKind::kUnavailable, Check::kCollateralMissing,
                 StrCat(KeyName(key), ": the history has no version of ", FormatRfc3339(at))};
  }
  TRY_ASSIGN(const CacheAnswer answer, cache.Get(key, at));
  return answer.item;
}

}  // namespace

uint32_t NewestAfter(const intel::EvaluationNumbers& list, Seconds delay, Instant at) {
  uint32_t newest = 0, lowest = UINT32_MAX;
  for (const intel::EvaluationNumber& entry : list.numbers) {
    lowest = std::min(lowest, entry.number);
    if (entry.recovery_event_date + delay <= at) newest = std::max(newest, entry.number);
  }
  return newest != 0 ? newest : lowest;
}

Result<Selector> SelectorOf(const EvaluationChoice& choice, IntelTee tee, CollateralCache& cache, Instant at,
                            ListOf list) {
  if (!choice.delay) return choice.selector;
  TRY_ASSIGN(const ItemPtr item, List(tee, cache, at, list));
  return Selector{Selector::Kind::kNumber, NewestAfter(*item->numbers(), *choice.delay, at)};
}

bool DefaultEvaluation::NeedsList() const {
  const BaselinePtr baseline = book_.Find("default");
  return baseline && baseline->baseline.intel.delay;
}

Result<DefaultEvaluation::Choice> DefaultEvaluation::For(IntelTee tee) const {
  Choice choice{{}, book_.Find("default")};
  if (!choice.baseline)
    return Error{ErrorKind::kInternal, Check::kRequest, "the configuration has no default baseline"};
  TRY_ASSIGN(choice.selector, SelectorOf(choice.baseline->baseline.intel, tee, cache_, clock_.Now()));
  return choice;
}

}  // namespace thimble
