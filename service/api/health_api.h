// SPDX-License-Identifier: Apache-2.0
//
// GET /healthz, /readyz and /v1/status.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/store.h"
#include "service/audit/audit_trail.h"
#include "service/baselines/recovery_watch.h"
#include "service/http/router.h"
#include "service/monitoring/cache_events.h"
#include "service/monitoring/refused_requests.h"
#include "service/monitoring/status_report.h"
#include "service/monitoring/store_damage.h"
#include "service/monitoring/upstream_lags.h"
#include "service/support/clock.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"
#include "service/upstreams/refresh_scheduler.h"

namespace thimble {

// Where it looks; each outlives the routes.
struct HealthSources {
  CollateralCache& cache;
  const CacheEvents& events;
  const UpstreamLags& lags;
  const RefusedRequests& refusals;
  Store& store;
  const TrustAnchors& anchors;
  const RecoveryWatch& watch;
  const AuditTrail& audit;
  const Snapshot<ReloadOutcome>& reload;
  const RefreshScheduler& refresh;
  const PlatformRegistry& registry;
  const StoreDamage& damage;
  const Clock& clock;
};

// Thread-safe. It outlives the router that it is added to.
class HealthApi {
 public:
  explicit HealthApi(HealthSources sources) : sources_(sources) {}

  void AddTo(http::Router& router);

  // What GET /v1/status and /readyz say, for the page.
  StatusReport Report();
  std::vector<std::pair<std::string, std::string>> Degraded();
  bool IsReady();

 private:
  // 200 while anchors are loaded and the store can be read; the body lists what is degraded, and with
  // strict=1 any of it is a 503. The plain form stays up while a vendor is down: taking every replica out
  // would help nobody.
  http::Response Ready(const http::Query& query);

  const HealthSources sources_;
};

}  // namespace thimble
