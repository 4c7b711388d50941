// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/history: the versions of an item that were held, and what each changed.
#pragma once

#include "cache/collateral_cache.h"
#include "service/http/router.h"

namespace thimble {

// Thread-safe. The cache outlives it, and it outlives the router that it is added to.
class HistoryApi {
 public:
  explicit HistoryApi(CollateralCache& cache) : cache_(cache) {}

  void AddTo(http::Router& router);

 private:
  // ?key=KeyName: every version, newest first, with its changes since the one before. With &from= and &to=, SHA-256 of
  // two versions: the changes between these alone.
  http::Response History(const http::Query& query);

  CollateralCache& cache_;
};

}  // namespace thimble
