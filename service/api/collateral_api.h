// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/collateral: evidence in, what completes it for a verification out. Of a quote in the JSON form in common use;
// of an SNP report as {"endorsements": [PEM of the VCEK, its chain, the CRL]}, for POST /v1/verify. With "format=tar" as
// the files that `thimble verify --collateral DIR` reads.
#pragma once

#include "service/baselines/baseline_book.h"
#include "service/http/router.h"
#include "service/verification/verification.h"

namespace thimble {

// Thread-safe. What it refers to outlives it, and it outlives the router that it is added to.
class CollateralApi {
 public:
  CollateralApi(const BaselineBook& baselines, Verification& verification, const Clock& clock)
      : baselines_(baselines), verification_(verification), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response Post(const http::Request& request, const http::Query& query);
  Result<http::ContentPtr> ForQuote(const VerificationRequest& wanted, bool tar);
  Result<http::ContentPtr> ForReport(const VerificationRequest& wanted, bool tar);

  const BaselineBook& baselines_;
  Verification& verification_;
  const Clock& clock_;
};

}  // namespace thimble
