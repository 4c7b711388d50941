// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/verify/batch: a request of POST /v1/verify in each line of the body, its result or problem in the same line of
// the answer. Lines are judged on all cores, a few ahead of the one that is written, so that the answers to a long batch
// are never held together. The body is held whole, and so its length is bounded as any body's is.
#pragma once

#include "service/api/verify_api.h"
#include "service/http/budget.h"
#include "service/http/router.h"
#include "service/support/thread_pool.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to, and the answers under way.
class BatchApi {
 public:
  explicit BatchApi(VerifyApi& verify);

  void AddTo(http::Router& router);

 private:
  http::Response Verify(const http::Request& request);

  VerifyApi& verify_;
  http::Budget under_way_;  // batches: each holds a thread of the server while it is answered
  ThreadPool workers_;      // last: its threads use the others
};

}  // namespace thimble
