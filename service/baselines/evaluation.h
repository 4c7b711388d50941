// SPDX-License-Identifier: Apache-2.0
//
// From a baseline to the set of Intel's evaluation data that it means at a time.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "service/baselines/baseline_book.h"
#include "service/support/clock.h"
#include "tcb/base/result.h"
#include "tcb/intel/evaluation_numbers.h"

namespace thimble {

// The newest number whose recovery event is at least `delay` before `at`; the lowest that is listed when all of
// them are younger.
uint32_t NewestAfter(const intel::EvaluationNumbers& list, Seconds delay, Instant at);

// A choice with a delay is looked up in Intel's list for this TEE, which the cache provides: for another time than
// now, the list of that time. Errors: kUnavailable, when there is no list.
enum class ListOf : uint8_t { kNow, kThen };
Result<Selector> SelectorOf(const EvaluationChoice& choice, IntelTee tee, CollateralCache& cache, Instant at,
                            ListOf list = ListOf::kNow);

// The numbers that Intel's lists have, for each TEE whose list is held, with the words by which it serves some of them
// ("standard", "early", or both) where that is held. Asks nobody.
struct OfferedNumber {
  uint32_t number = 0;
  std::string words;
};
using OfferedNumbers = std::map<IntelTee, std::vector<OfferedNumber>>;
OfferedNumbers OfferedIn(CollateralCache& cache, Instant now);
std::string OfferedText(const OfferedNumbers& offered);  // "SGX 16, 17 (standard), 18 (early); TDX ..."

// What queries for collateral get that make no choice of their own: by the default baseline. Thread-safe; what is given
// outlives it.
class DefaultEvaluation {
 public:
  DefaultEvaluation(const BaselineBook& book, CollateralCache& cache, const Clock& clock)
      : book_(book), cache_(cache), clock_(clock) {}

  struct Choice {
    Selector selector;
    BaselinePtr baseline;  // null when the query chose for itself
  };
  Result<Choice> For(IntelTee tee) const;
  // Whether For() looks into Intel's list, which may have to be fetched.
  bool NeedsList() const;

 private:
  const BaselineBook& book_;
  CollateralCache& cache_;
  const Clock& clock_;
};

}  // namespace thimble
