// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/impact: {"baseline"?: name, "intel"?, "amd"?, "floors"?: text of a floor document, "policy"?: name,
// "candidate_policy"?: name}. The candidate is the baseline in force with what intel, amd and floors say instead, or, when neither they nor a policy to try is given, its
// staged candidate.
#pragma once

#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/baselines/impact_study.h"
#include "service/http/router.h"
#include "service/support/clock.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class ImpactApi {
 public:
  ImpactApi(const Snapshot<Policies>& policies, const BaselineBook& book, const FloorBook& floors,
            const ImpactStudy& study, const Clock& clock)
      : policies_(policies), book_(book), floors_(floors), study_(study), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  struct Sides {
    ImpactSide current, candidate;
  };
  Result<Sides> Read(std::string_view body) const;
  Result<Policy> PolicyNamed(const std::string& name) const;

  const Snapshot<Policies>& policies_;
  const BaselineBook& book_;
  const FloorBook& floors_;
  const ImpactStudy& study_;
  const Clock& clock_;
};

}  // namespace thimble
