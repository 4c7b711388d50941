// SPDX-License-Identifier: Apache-2.0
//
// GET /metrics, in Prometheus' text form.
#pragma once

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/store.h"
#include "service/audit/audit_trail.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/moved_sets.h"
#include "service/http/listener_counts.h"
#include "service/http/proxy_protocol.h"
#include "service/http/request_metrics.h"
#include "service/http/router.h"
#include "service/monitoring/cache_events.h"
#include "service/monitoring/store_damage.h"
#include "service/monitoring/upstream_lags.h"
#include "service/monitoring/verdict_counts.h"
#include "service/shared/shared_link.h"
#include "service/support/clock.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"
#include "service/upstreams/refresh_scheduler.h"
#include "service/upstreams/upstream_events.h"

namespace thimble {

// Where the figures come from; each outlives the route.
struct MetricsSources {
  CollateralCache& cache;
  const CacheEvents& events;
  const UpstreamLags& lags;
  const UpstreamEvents& upstreams;
  const VerdictCounts& verdicts;
  const MovedSets& moved_sets;
  const RefreshScheduler& refresh;
  const Store& store;
  const StoreDamage& damage;
  const PlatformRegistry& platforms;
  const http::ProxyProtocol& proxy_protocol;
  const Snapshot<ReloadOutcome>& reload;
  const Clock& clock;
  const AuditTrail& audit;
  const BaselineBook& baselines;
  const http::ListenerCounts& listeners;
  const SharedLink* shared = nullptr;  // null: there are no replicas
};

void AddMetricsTo(http::Router& router, MetricsSources sources,
                  const std::unique_ptr<RequestMetrics>& requests);

}  // namespace thimble
