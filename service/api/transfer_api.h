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
  static constexpr std::string_view kImportPath = "/v1/import";
  // A file may be so large (pccs.max_upload), and what comes through the Unix socket as large as the socket lets it be.
  TransferApi(Transfer& transfer, size_t max_file) : transfer_(transfer), max_file_(max_file) {}

  void AddTo(http::Router& router);

 private:
  http::Response Import(const http::Request& request, const http::Query& query);

  Transfer& transfer_;
  const size_t max_file_;
};

}  // namespace thimble
