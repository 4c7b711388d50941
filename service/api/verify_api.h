// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify: evidence in, explained verdict out (DESIGN section 4): decoded, judged by Verification, rendered, and
// nothing else. No request names an upstream: such
// a member, as any other unknown one, is a 400.
#pragma once

#include "service/audit/audit_trail.h"
#include "service/http/router.h"
#include "service/results/result_signer.h"
#include "service/support/reload.h"
#include "service/verification/verification.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class VerifyApi {
 public:
  VerifyApi(const Snapshot<Policies>& policies, const BaselineBook& baselines, AuditTrail& audit,
            const ResultSigner& signer, Verification& verification)
      : policies_(policies),
        baselines_(baselines),
        audit_(audit),
        signer_(signer),
        verification_(verification) {}

  void AddTo(http::Router& router);

  // A request in JSON that came in, or with, another one: the result, or the problem.
  http::Response VerifyJson(const http::Request& request, std::string_view body);

 private:
  http::Response Verify(const http::Request& request, const http::Query& query);
  Result<VerificationRequest> FromJson(std::string_view body) const;
  Result<VerificationRequest> FromQuery(const std::string& body, const http::Query& query) const;
  http::Response Judge(const http::Request& request, const Result<VerificationRequest>& asked);
  Result<std::string> Answer(const http::Request& request, const VerificationRequest& asked,
                             const VerificationOutcome& outcome);
  struct Options;
  Status Apply(const Options& options, VerificationRequest& request) const;

  const Snapshot<Policies>& policies_;
  const BaselineBook& baselines_;
  AuditTrail& audit_;
  const ResultSigner& signer_;
  Verification& verification_;
};

}  // namespace thimble
