// SPDX-License-Identifier: Apache-2.0
//
// GET /.well-known/jwks.json, the keys that signed results are verified by; POST /v1/result-key/rotate, a new key in place
// of the current one; POST /v1/challenge, a nonce for evidence that has to be fresh.
#pragma once

#include "service/audit/audit_trail.h"
#include "service/http/router.h"
#include "service/results/result_signer.h"
#include "service/support/clock.h"
#include "service/verification/challenges.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class ResultApi {
 public:
  ResultApi(ResultSigner& signer, const Challenges& challenges, AuditTrail& audit, const Clock& clock)
      : signer_(signer), challenges_(challenges), audit_(audit), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response Challenge() const;
  http::Response Rotate(const http::Request& request);

  ResultSigner& signer_;
  const Challenges& challenges_;
  AuditTrail& audit_;
  const Clock& clock_;
};

}  // namespace thimble
