// SPDX-License-Identifier: Apache-2.0
//
// Collateral in the dialect of AMD's KDS v1 (spec/amd-sev-snp.md a): VCEKs, chains and CRLs at its paths, so that its
// clients change only the host. As lenient as the KDS is in the hwid's letter case, padding and order; but a parameter
// that is unknown, twice or missing where it would change the answer is 400. An administrator may PUT a VCEK at its path.
#pragma once

#include "cache/collateral_cache.h"
#include "service/http/router.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe. The cache and the clock outlive it, and it outlives the router that it is added to.
class KdsDialect {
 public:
  KdsDialect(CollateralCache& cache, const Clock& clock) : cache_(cache), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response Get(const http::Request& request);
  http::Response Put(const http::Request& request);
  http::Response Serve(const http::Request& request, const CollateralKey& key);
  http::Response Take(const http::Request& request, const VcekKey& key);

  CollateralCache& cache_;
  const Clock& clock_;
};

}  // namespace thimble
