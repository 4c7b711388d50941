// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/uvm/{sha256}: an endorsement of a utility VM that a decision of this server has rested on, as it was brought.
#pragma once

#include "cache/seen_endorsements.h"
#include "service/http/router.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class UvmApi {
 public:
  explicit UvmApi(const SeenEndorsements& seen) : seen_(seen) {}

  void AddTo(http::Router& router);

 private:
  http::Response Get(const http::Request& request) const;

  const SeenEndorsements& seen_;
};

}  // namespace thimble
