// SPDX-License-Identifier: Apache-2.0
//
// Watches for TCB recoveries: when Intel's list has a newer evaluation data number than the default baseline has in
// force, says what it would do to the platforms that were seen. In the log once, in the status for as long as it holds.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "cache/collateral_cache.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/impact_study.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"

namespace thimble {

// A set of evaluation data that is out and not in force yet.
struct ComingSet {
  IntelTee tee = IntelTee::kSgx;
  uint32_t number = 0, in_force = 0;
  uint64_t refused = 0;   // sightings that would be, those that cannot be judged among them
  uint64_t kinds = 0;     // TCBs whose status or decision would change
  uint64_t unjudged = 0;  // TCBs that cannot be judged by one of the two
  bool operator==(const ComingSet&) const = default;
};

// Thread-safe. What is given outlives it.
class RecoveryWatch {
 public:
  RecoveryWatch(const Snapshot<Policies>& policies, const BaselineBook& book, const SeenPlatforms& seen,
                CollateralCache& cache, const ImpactStudy& study)
      : policies_(policies), book_(book), seen_(seen), cache_(cache), study_(study) {}

  // May ask upstreams. Nothing is asked for a TEE of which no platform was seen.
  void Check(Instant now);
  std::vector<ComingSet> Coming() const;

 private:
  Result<std::optional<ComingSet>> FindComing(IntelTee tee, Instant now) const;
  void Record(IntelTee tee, const std::optional<ComingSet>& coming);
  void RecordFailure(IntelTee tee, const Result<std::optional<ComingSet>>& found);

  const Snapshot<Policies>& policies_;
  const BaselineBook& book_;
  const SeenPlatforms& seen_;
  CollateralCache& cache_;
  const ImpactStudy& study_;
  mutable std::mutex mutex_;
  std::map<IntelTee, ComingSet> coming_;
  std::map<IntelTee, std::string> failures_;  // logged when they change
};

}  // namespace thimble
