// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/refresh, one refresh pass (of what is due; ?all=1, ?item=KEY, ?fmspc=HEX: of that, due or not), and POST /v1/backup, a copy of the store beside it while it is in use.
#pragma once

#include <string>
#include <string_view>

#include "cache/store.h"
#include "service/http/query.h"
#include "service/http/router.h"
#include "service/upstreams/refresh_scheduler.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class OperationsApi {
 public:
  // Copies go into `backups`, each a directory by its name and a store by itself.
  OperationsApi(RefreshScheduler& refresh, Store& store, std::string backups)
      : refresh_(refresh), store_(store), backups_(std::move(backups)) {}

  void AddTo(http::Router& router);

 private:
  Result<RefreshReport> Refresh(const http::Query& query);
  Result<std::string> BackUp(std::string_view name);

  RefreshScheduler& refresh_;
  Store& store_;
  const std::string backups_;
};

}  // namespace thimble
