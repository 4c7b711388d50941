// SPDX-License-Identifier: Apache-2.0
//
// The way to another version of a baseline: a candidate is staged when what it names exists, and promoted when whoever
// promotes it knows what it refuses.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/baselines/baseline_book.h"
#include "service/baselines/impact_study.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"

namespace thimble {

// A promotion that was not made: what it would do, and what was accepted of it.
struct DeclinedPromotion {
  ImpactReport report;
  std::optional<Refusals> accepted;
};
// What to do about it, in a sentence.
std::string WhyDeclined(const DeclinedPromotion& declined);

// Thread-safe. What is given outlives it.
class Promotions {
 public:
  Promotions(BaselineBook& book, const Snapshot<Policies>& policies, const SeenPlatforms& seen,
             CollateralCache& cache, const ImpactStudy& study, FloorOf floor_of)
      : book_(book),
        policies_(policies),
        seen_(seen),
        cache_(cache),
        study_(study),
        floor_of_(std::move(floor_of)) {}

  // Fetches the set of evaluation data that the candidate names, when it is another than that in force. Errors:
  // request.invalid when there is no such set, for a floor file, and as of BaselineBook::SetCandidate(); kUnavailable
  // when it cannot be told.
  Result<BaselineState> Stage(std::string_view name, const Baseline& candidate, const Author& by,
                              Instant now);

  struct Outcome {
    std::optional<BaselineState> promoted;
    std::optional<DeclinedPromotion> declined;  // in its place
  };
  // Made when it refuses nothing, or exactly what `accepted` says, as of the moment of the promotion: sightings,
  // collateral, candidate, version in force and policy are those of that moment. Judged by the policy "default". Errors:
  // as of ImpactStudy::Run() and BaselineBook::Promote().
  Result<Outcome> Promote(std::string_view name, const std::optional<Refusals>& accepted, const Author& by,
                          Instant now);

 private:
  Status CheckExists(const EvaluationChoice& choice, Instant now) const;
  Status FetchIdentity(const EvaluationChoice& choice, IntelTee tee, Instant now) const;
  Status FetchTcbInfos(const EvaluationChoice& choice, const IntelKinds& kinds, Instant now) const;
  // nullopt: something changed meanwhile.
  Result<std::optional<Outcome>> TryToPromote(std::string_view name, const std::optional<Refusals>& accepted,
                                              const Author& by, Instant now);

  BaselineBook& book_;
  const Snapshot<Policies>& policies_;
  const SeenPlatforms& seen_;
  CollateralCache& cache_;
  const ImpactStudy& study_;
  const FloorOf floor_of_;
};

}  // namespace thimble
