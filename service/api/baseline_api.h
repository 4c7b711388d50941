// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/baselines, PUT /v1/baselines/{name}/candidate, POST /v1/baselines/{name}/promote with {"accept_refusals"?: a
// number or "unknown"}, and /rollback.
#pragma once

#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/baselines/promotions.h"
#include "service/http/router.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class BaselineApi {
 public:
  // `floors` says which floor files a candidate may name.
  BaselineApi(BaselineBook& book, const FloorBook& floors, Promotions& promotions, CollateralCache& cache,
              const Clock& clock)
      : book_(book), floors_(floors), promotions_(promotions), cache_(cache), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response List() const;
  http::Response SetCandidate(std::string_view name, const http::Request& request);
  http::Response Promote(std::string_view name, const http::Request& request);
  http::Response RollBack(std::string_view name, const http::Request& request);

  BaselineBook& book_;
  const FloorBook& floors_;
  Promotions& promotions_;
  CollateralCache& cache_;
  const Clock& clock_;
};

}  // namespace thimble
