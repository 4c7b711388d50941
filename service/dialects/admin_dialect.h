// SPDX-License-Identifier: Apache-2.0
//
// What administrators' tools of Intel's PCCS send, besides `platforms`: `platformcollateral`, `refresh` and
// `appraisalpolicy` (spec/intel-pccs-api.md section 4). An upload is verified, which PCCS does not do: code 460, which
// it has for chains of different roots, is the answer to all that does not hold, and X-Thimble-Refused names it.
#pragma once

#include "cache/appraisal_policies.h"
#include "service/http/router.h"
#include "service/platforms/collateral_upload.h"

namespace thimble {

// Thread-safe. What it refers to outlives it, and it outlives the router that it is added to.
class AdminDialect {
 public:
  AdminDialect(CollateralUpload& upload, PckService& pck_service, PlatformRegistry& registry,
               CollateralCache& cache, AppraisalPolicies& policies, const Clock& clock, size_t max_upload)
      : upload_(upload),
        pck_service_(pck_service),
        registry_(registry),
        cache_(cache),
        policies_(policies),
        clock_(clock),
        max_upload_(max_upload) {}

  void AddTo(http::Router& router);

 private:
  http::Response PutCollateral(const http::Request& request, PcsVersion version);
  http::Response Refresh(const http::Request& request, const http::Query& query);
  Status RefreshCollateral();
  Status RefreshCertificates(const intel::Fmspc& fmspc);
  http::Response PutPolicy(const http::Request& request);
  http::Response GetPolicy(const http::Query& query);

  CollateralUpload& upload_;
  PckService& pck_service_;
  PlatformRegistry& registry_;
  CollateralCache& cache_;
  AppraisalPolicies& policies_;
  const Clock& clock_;
  const size_t max_upload_;  // bytes
};

}  // namespace thimble
