// SPDX-License-Identifier: Apache-2.0
//
// The summary of a server, made from what it consists of: for GET /v1/status, and for whatever else shows it.
#pragma once

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/store.h"
#include "fetchers/upstreams.h"
#include "service/audit/audit_trail.h"
#include "service/baselines/baseline_book.h"
#include "service/baselines/recovery_watch.h"
#include "service/http/listener_counts.h"
#include "service/monitoring/store_damage.h"
#include "service/monitoring/summary.h"
#include "service/monitoring/upstream_lags.h"
#include "service/monitoring/verdict_hours.h"
#include "service/shared/shared_link.h"
#include "service/support/clock.h"
#include "service/support/reload.h"
#include "service/support/snapshot.h"
#include "service/upstreams/refresh_scheduler.h"
#include "service/upstreams/upstream_events.h"

namespace thimble {

// Where it looks; each outlives it.
struct SummarySources {
  CollateralCache& cache;
  const Seconds stale_grace;
  const Upstreams& upstreams;
  const UpstreamEvents& upstream_events;
  const UpstreamLags& lags;
  Store& store;
  const TrustAnchors& anchors;
  const Snapshot<Policies>& policies;
  const BaselineBook& baselines;
  const RecoveryWatch& watch;
  const VerdictHours& verdicts;
  const AuditTrail& audit;
  const Snapshot<ReloadOutcome>& reload;
  const RefreshScheduler& refresh;
  PlatformRegistry& registry;
  const StoreDamage& damage;
  const http::ListenerCounts& listeners;
  const Clock& clock;
  const SharedLink* shared = nullptr;  // null: there are no replicas
};

Summary SummaryOf(const SummarySources& sources);

// What is not as it should be, but for the items of single platforms.
std::vector<Summary::Degraded> DegradedOf(const SummarySources& sources);
// How many of those are past their grace: it reads up to kMaxListed of them.
size_t PlatformsPastGrace(const SummarySources& sources);
// Whether it can answer at all; else why not.
Status ReadinessOf(const SummarySources& sources);

// The number of Intel's evaluation data that a baseline means now, as far as what is held says it; asks nobody.
std::optional<uint32_t> NumberOf(const EvaluationChoice& choice, IntelTee tee,
                                 const std::vector<CacheStatus>& items, CollateralCache& cache, Instant now);

// When the last back-up was made: written into the store by whoever makes one.
inline constexpr std::string_view kLastBackup = "backup/last";

}  // namespace thimble
