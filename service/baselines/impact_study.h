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

// What one side was judged by.
struct UsedReference {
  std::string item;  // KeyName
  uint32_t evaluation = 0;
};
struct ImpactReport {
  Instant at{};
  ImpactSide current, candidate;
  std::vector<UsedReference> used_now, used_then;
  Impact impact;
};

// Sightings of platforms that are accepted now and would be refused; and the reverse.
uint64_t RefusedThen(const Impact& impact);
uint64_t AdmittedThen(const Impact& impact);

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

 private:
  Result<ImpactReport> Judge(std::vector<RememberedTcb> platforms, ImpactSide current, ImpactSide candidate,
                             Instant now) const;

  const SeenPlatforms& seen_;
  CollateralCache& cache_;
  const FloorOf floor_of_;
};

Tee TeeOf(const TcbRecord& tcb);

}  // namespace thimble
