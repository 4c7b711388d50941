// SPDX-License-Identifier: Apache-2.0
//
// GET /.well-known/jwks.json, the keys that signed results are verified by; POST /v1/challenge, a nonce for evidence
// that has to be fresh.
#pragma once

#include "service/verification/challenges.h"
#include "service/support/clock.h"
#include "service/results/result_signer.h"
#include "service/http/router.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class ResultApi {
 public:
  ResultApi(const ResultSigner& signer, const Challenges& challenges, const Clock& clock)
      : signer_(signer), challenges_(challenges), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response Challenge() const;

  const ResultSigner& signer_;
  const Challenges& challenges_;
  const Clock& clock_;
};

}  // namespace thimble
