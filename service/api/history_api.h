// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/history: the versions of an item that were held, and what each changed.
#pragma once

#include "cache/collateral_cache.h"
#include "service/http/budget.h"
#include "service/http/router.h"

namespace thimble {

// Thread-safe. The cache outlives it, and it outlives the router that it is added to.
class HistoryApi {
 public:
  // At most so many answers are made at a time: anybody may ask, and each version is authenticated again.
  static constexpr size_t kAtOnce = 4;
  static constexpr size_t kVersions = 20;  // of an answer
  explicit HistoryApi(CollateralCache& cache, size_t at_once = kAtOnce)
      : cache_(cache), under_way_(at_once) {}

  void AddTo(http::Router& router);

 private:
  // ?key=KeyName: the newest versions, with the changes of each since the one before, and as "before" what to ask with
  // for older ones where there are any: &before= SHA-256. With &from= and &to=, SHA-256 of two versions: the changes
  // between these alone.
  http::Response History(const http::Query& query);
  http::Response Versions(std::string_view name, const CollateralKey& key,
                          const std::optional<Digest256>& before);
  http::Response Between(std::string_view name, const CollateralKey& key, const Digest256& from,
                         const Digest256& to);

  CollateralCache& cache_;
  http::Budget under_way_;
};

}  // namespace thimble
