// SPDX-License-Identifier: Apache-2.0
//
// GET /healthz, /readyz and /v1/status.
#pragma once

#include <functional>

#include "service/api/summary_of.h"
#include "service/http/router.h"
#include "service/monitoring/cache_events.h"
#include "service/monitoring/refused_requests.h"
#include "service/monitoring/status_report.h"
#include "service/support/kept_count.h"

namespace thimble {

// Where it looks; each outlives the routes.
struct HealthSources {
  SummarySources summary;
  const CacheEvents& events;
  const RefusedRequests& refusals;
  std::function<RoleSet(const http::Request&)> roles_of;
};

// What whoever has these roles may see.
Ids IdsFor(RoleSet roles);

// Thread-safe. It outlives the router that it is added to.
class HealthApi {
 public:
  explicit HealthApi(HealthSources sources);

  void AddTo(http::Router& router);

  // What GET /v1/status says, for the page too. It has a summary.
  StatusReport Report(Ids ids);

 private:
  // 200 while anchors are loaded and the store can be read; the body lists what is degraded, and with strict=1 any of it
  // is a 503, and so is each item of a single platform past its grace, as counted once a minute. The plain form stays up
  // while a vendor is down: taking every replica out would help nobody.
  http::Response Ready(const http::Query& query);

  const HealthSources sources_;
  KeptCount
      past_grace_;  // of the items of single platforms: probes have no role, and none of them reads thousands
};

}  // namespace thimble
