// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/baselines, PUT /v1/baselines/{name}/candidate, POST /v1/baselines/{name}/promote and /rollback.
#pragma once

#include "service/baselines/baseline_book.h"
#include "service/baselines/floor_book.h"
#include "service/baselines/impact_study.h"
#include "service/http/router.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class BaselineApi {
 public:
  // `floors` says which floor files a candidate may name; `floor_of` reads one: a candidate's has to be good.
  BaselineApi(BaselineBook& book, const FloorBook& floors, FloorOf floor_of, const Clock& clock)
      : book_(book), floors_(floors), floor_of_(std::move(floor_of)), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response List() const;
  http::Response SetCandidate(std::string_view name, const http::Request& request);
  using Change = Result<BaselineState> (BaselineBook::*)(std::string_view name, const std::string& by,
                                                         Instant now);
  http::Response Make(Change change, std::string_view name, const http::Request& request);

  BaselineBook& book_;
  const FloorBook& floors_;
  const FloorOf floor_of_;
  const Clock& clock_;
};

}  // namespace thimble
