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
#include "service/monitoring/store_damage.h"
#include "service/support/clock.h"
#include "service/support/reload.h"
#include "service/upstreams/refresh_scheduler.h"

namespace thimble {

// Thread-safe. What it refers to outlives it, and it outlives the router that it is added to.
class HealthApi {
 public:
  HealthApi(CollateralCache& cache, const CacheEvents& events, const RefusedRequests& refusals, Store& store,
            const TrustAnchors& anchors, const RecoveryWatch& watch, const AuditTrail& audit,
            const Snapshot<ReloadOutcome>& reload, const RefreshScheduler& refresh,
            const PlatformRegistry& registry, const StoreDamage& damage, const Clock& clock)
      : cache_(cache),
        events_(events),
        refusals_(refusals),
        store_(store),
        anchors_(anchors),
        watch_(watch),
        audit_(audit),
        reload_(reload),
        refresh_(refresh),
        registry_(registry),
        damage_(damage),
        clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  // 200 while anchors are loaded and the store can be read; the body lists what is degraded, and with
  // strict=1 any of it is a 503. The plain form stays up while a vendor is down: taking every replica out
  // would help nobody.
  http::Response Ready(const http::Query& query);
  http::Response Status();
  std::vector<std::pair<std::string, std::string>> Degraded();

  CollateralCache& cache_;
  const CacheEvents& events_;
  const RefusedRequests& refusals_;
  Store& store_;
  const TrustAnchors& anchors_;
  const RecoveryWatch& watch_;
  const AuditTrail& audit_;
  const Snapshot<ReloadOutcome>& reload_;
  const RefreshScheduler& refresh_;
  const PlatformRegistry& registry_;
  const StoreDamage& damage_;
  const Clock& clock_;
};

}  // namespace thimble
