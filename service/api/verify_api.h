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
#include "tcb/input/evidence.h"

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
  struct Asked {
    VerificationRequest request;
    std::string decoded;  // how the evidence was written down
  };
  Result<Asked> FromJson(std::string_view body) const;
  Result<Asked> FromQuery(const std::string& body, const http::Query& query) const;
  http::Response Judge(const http::Request& request, const Result<Asked>& asked);
  Result<std::string> Answer(const http::Request& request, const VerificationRequest& asked,
                             const VerificationOutcome& outcome);
  struct Options;
  Result<Asked> FromContainer(const json::Value& object) const;
  Result<Asked> Apply(const Options& options, input::Evidence evidence, VerificationRequest request) const;

  const Snapshot<Policies>& policies_;
  const BaselineBook& baselines_;
  AuditTrail& audit_;
  const ResultSigner& signer_;
  Verification& verification_;
};

}  // namespace thimble
