// SPDX-License-Identifier: Apache-2.0
//
// POST /v1/refresh, one refresh pass (of what is due; ?all=1, ?item=KEY, ?fmspc=HEX: of that, due or not), and POST /v1/backup, a back-up
// (service/transfer/backup.h) in the data directory while it is in use: nothing is written where a request says.
#pragma once

#include <string>
#include <string_view>

#include "cache/store.h"
#include "service/http/query.h"
#include "service/http/router.h"
#include "service/support/clock.h"
#include "service/upstreams/refresh_scheduler.h"

namespace thimble {

// Thread-safe. What is given outlives it, and it outlives the router that it is added to.
class OperationsApi {
 public:
  // Back-ups go into a directory in `data`, each by its name. `audit`: where the trail is, if it is not in `data`.
  OperationsApi(RefreshScheduler& refresh, Store& store, std::string data, std::string audit,
                const Clock& clock)
      : refresh_(refresh), store_(store), data_(std::move(data)), audit_(std::move(audit)), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  Result<RefreshReport> Refresh(const http::Query& query);
  Result<std::string> BackUp(std::string_view name);

  RefreshScheduler& refresh_;
  Store& store_;
  const std::string data_, audit_;
  const Clock& clock_;
};

}  // namespace thimble
