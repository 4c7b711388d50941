// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify: evidence in, explained verdict out (DESIGN section 4). No request names an upstream: such
// a member, as any other unknown one, is a 400.
#pragma once

#include "service/audit_trail.h"
#include "service/reload.h"
#include "service/router.h"
#include "service/verification.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class VerifyApi {
 public:
  VerifyApi(const Live<Policies>& policies, const BaselineBook& baselines, AuditTrail& audit,
            Verification& verification)
      : policies_(policies), baselines_(baselines), audit_(audit), verification_(verification) {}

  void AddTo(http::Router& router);

 private:
  http::Response Verify(const http::Request& request, const http::Query& query);
  Result<VerificationRequest> FromJson(std::string_view body) const;
  Result<VerificationRequest> FromQuery(const std::string& body, const http::Query& query) const;
  struct Options;
  Status Apply(const Options& options, VerificationRequest& request) const;

  const Live<Policies>& policies_;
  const BaselineBook& baselines_;
  AuditTrail& audit_;
  Verification& verification_;
};

}  // namespace thimble
