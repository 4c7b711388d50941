// SPDX-License-Identifier: Apache-2.0
//
// AMD certificates in the dialect of Azure's THIM (spec/azure-thim.md section 1): those of one host as a document of
// strings, and those of any chip as PEM. The host is the configured one, or the one that a THIM upstream knows; a request
// may name another by `platformId` and `tcbVersion`, and its product by `productName`.
#pragma once

#include <functional>
#include <vector>

#include "cache/collateral_cache.h"
#include "service/http/router.h"
#include "service/support/clock.h"

namespace thimble {

// The VCEK of the machine that answers, as it is now.
using HostVcekFunction = std::function<Result<VcekKey>()>;

// Thread-safe. What it refers to outlives it, and it outlives the router that it is added to.
class ThimDialect {
 public:
  ThimDialect(CollateralCache& cache, const Clock& clock, HostVcekFunction host)
      : cache_(cache), clock_(clock), host_(std::move(host)) {}

  void AddTo(http::Router& router);

 private:
  // The VCEK of what is asked about.
  struct Found {
    VcekKey key;
    CacheAnswer answer;
  };
  http::Response Host(const http::Request& request, const http::Query& query);
  http::Response Chip(const http::Request& request, const http::Query& query);
  Result<Found> FindFirst(std::vector<VcekKey> keys);
  Result<Found> FindHost(const http::Query& query);

  CollateralCache& cache_;
  const Clock& clock_;
  const HostVcekFunction host_;
};

}  // namespace thimble
