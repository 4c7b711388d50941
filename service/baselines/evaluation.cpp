// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/evaluation.h"

#include <algorithm>

#include "cache/selectors.h"
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

bool IsOf(const CollateralKey& key, IntelTee tee) {
  if (const auto* info = std::get_if<TcbInfoKey>(&key)) return info->tee == tee;
  const auto* identity = std::get_if<EnclaveIdentityKey>(&key);
  return identity != nullptr && identity->id == (tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe);
}

std::string WordsOf(uint32_t number, IntelTee tee, const std::vector<CacheStatus>& held) {
  std::string out;
  for (const auto kind : {Selector::Kind::kStandard, Selector::Kind::kEarly}) {
    const bool known = std::ranges::any_of(held, [&](const CacheStatus& item) {
      return item.order_number == number && IsOf(item.key, tee) && *SelectorOf(item.key) == Selector{kind};
    });
    if (known) out += StrCat(out.empty() ? "" : ", ", Selector{kind}.ToString());
  }
  return out;
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

OfferedNumbers OfferedIn(CollateralCache& cache, Instant now) {
  const std::vector<CacheStatus> held = cache.Status(now);
  OfferedNumbers offered;
  for (const IntelTee tee : {IntelTee::kSgx, IntelTee::kTdx}) {
    const auto list = cache.Peek(EvaluationNumbersKey{tee}, now);
    if (!list || list->item->numbers() == nullptr) continue;
    for (const intel::EvaluationNumber& entry : list->item->numbers()->numbers)
      offered[tee].push_back({entry.number, WordsOf(entry.number, tee, held)});
    std::ranges::sort(offered[tee], {}, &OfferedNumber::number);
  }
  return offered;
}

std::string OfferedText(const OfferedNumbers& offered) {
  std::map<IntelTee, std::string> texts;
  for (const auto& [tee, numbers] : offered) {
    for (const auto& [number, words] : numbers)
      texts[tee] +=
          StrCat(texts[tee].empty() ? "" : ", ", number, words.empty() ? "" : StrCat(" (", words, ")"));
  }
  if (texts.size() == 2 && texts[IntelTee::kSgx] == texts[IntelTee::kTdx]) return texts[IntelTee::kSgx];
  std::string out;
  for (const auto& [tee, text] : texts)
    out += StrCat(out.empty() ? "" : "; ", tee == IntelTee::kTdx ? "TDX " : "SGX ", text);
  return out;
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
