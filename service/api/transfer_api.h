// SPDX-License-Identifier: Apache-2.0
//
// GET /v1/export and POST /v1/import: collateral in and out as one file.
#pragma once

#include "service/http/router.h"
#include "service/transfer/transfer.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class TransferApi {
 public:
  explicit TransferApi(Transfer& transfer) : transfer_(transfer) {}

  void AddTo(http::Router& router);

 private:
  Transfer& transfer_;
};

}  // namespace thimble
