// SPDX-License-Identifier: Apache-2.0
//
// What a change of baseline or policy would do to the platforms that were seen: the references of both sides come
// from the cache, and every platform is judged by both (tcb/impact.h).
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/seen_platforms.h"
#include "service/baselines/baseline.h"
#include "service/baselines/references.h"
#include "tcb/impact.h"

namespace thimble {

// AMD's floor by its name in a baseline; null: none.
using FloorOf = std::function<Result<amd::FloorsPtr>(const std::string& name)>;

struct ImpactSide {
  std::string name;  // "default@2", "candidate", "17"
  Baseline baseline;
  Policy policy;
  amd::FloorsPtr floors = nullptr;  // in place of the baseline's, to be tried out
};

struct ImpactReport {
  Instant at{};
  ImpactSide current, candidate;
  std::vector<UsedReference> used_now, used_then;
  Impact impact;
};

// Sightings that a change would refuse: of platforms that are accepted now and would not be, and of those that cannot be
// judged by one of the two sides. Unknown when no platform was seen at all.
Refusals RefusedThen(const Impact& impact);
// The same of a report; unknown, too, when the candidate asks more of the images of utility VMs: nobody has noted which run.
Refusals RefusedThen(const ImpactReport& report);
bool RaisesUvm(const Baseline& current, const Baseline& candidate);
// Of platforms that are not accepted now and would be.
uint64_t AdmittedThen(const Impact& impact);

// The two sides with what they judge by: from here on nobody is asked.
class PreparedImpact {
 public:
  ImpactReport Judge(const std::vector<RememberedTcb>& platforms, Instant now) const;

 private:
  friend class ImpactStudy;
  ImpactSide current_, candidate_;
  References now_by_, then_by_;
};

// Thread-safe. What is given outlives it.
class ImpactStudy {
 public:
  ImpactStudy(const SeenPlatforms& seen, CollateralCache& cache, FloorOf floor_of)
      : seen_(seen), cache_(cache), floor_of_(std::move(floor_of)) {}

  // May ask upstreams for what a side needs. A platform whose references cannot be fetched is in the report as not
  // judged. Errors: kUnavailable when a side's evaluation data cannot be told; request.invalid for a floor file.
  Result<ImpactReport> Run(ImpactSide current, ImpactSide candidate, Instant now) const;
  // Of platforms of this TEE alone.
  Result<ImpactReport> Run(ImpactSide current, ImpactSide candidate, Instant now, Tee tee) const;

  // The same in two steps: the first may take as long as upstreams do, the second asks nobody.
  Result<PreparedImpact> Prepare(ImpactSide current, ImpactSide candidate, Instant now) const;
  // Whether all that was found is still what is held, and the floor files are what they were.
  bool IsCurrent(const PreparedImpact& prepared, Instant now) const;
  // Malformed (request.invalid) for a number that Intel's lists do not have: there is no such set. Asks for the lists of
  // the platforms seen, and refuses nothing that they cannot tell.
  Status CheckOffered(const EvaluationChoice& choice, Instant now) const;

  // Of the platforms that were seen by now.
  ImpactReport Judge(const PreparedImpact& prepared, Instant now) const;

 private:
  Result<PreparedImpact> PrepareFor(const std::vector<RememberedTcb>& platforms, ImpactSide current,
                                    ImpactSide candidate, Instant now) const;
  Result<References> Gather(const ImpactSide& side, const std::vector<RememberedTcb>& platforms,
                            Instant now) const;
  bool IsCurrent(const ImpactSide& side, const References& references, Instant now) const;

  const SeenPlatforms& seen_;
  CollateralCache& cache_;
  const FloorOf floor_of_;
};

}  // namespace thimble
