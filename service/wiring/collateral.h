// SPDX-License-Identifier: Apache-2.0
//
// Collateral: the store, the cache over it, the upstreams that fill it, and what is known of platforms.
#pragma once

#include <memory>
#include <vector>

#include "cache/appraisal_policies.h"
#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "cache/refresher.h"
#include "cache/seen_endorsements.h"
#include "cache/seen_platforms.h"
#include "cache/version3_tcb_infos.h"
#include "fetchers/upstreams.h"
#include "service/config/config.h"
#include "service/monitoring/cache_events.h"
#include "service/monitoring/store_damage.h"
#include "service/monitoring/upstream_lags.h"
#include "service/platforms/collateral_upload.h"
#include "service/platforms/pck_service.h"
#include "service/platforms/waiting_registrations.h"
#include "service/shared/shared_link.h"
#include "service/support/clock.h"
#include "service/transfer/transfer.h"
#include "service/upstreams/fmspc_list.h"
#include "service/upstreams/host_vcek.h"
#include "service/upstreams/miss_budgets.h"
#include "service/upstreams/pck_source.h"
#include "service/upstreams/refresh_scheduler.h"
#include "service/upstreams/upstream_events.h"
#include "service/wiring/opened_store.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// Members are made from top to bottom, and what comes later refers to what comes before.
struct Collateral {
  // Errors: request.invalid for what the configuration says (anchors, upstreams) and for a store that has to be there
  // and is not, store.io when it cannot be opened, store.corrupt when it is damaged. What is given outlives it.
  static Result<std::unique_ptr<Collateral>> Make(const Config& config, Storage storage, const Clock& clock);

  // Refuses a clock that lies before the issue date of a cached item: it would call what has expired fresh.
  Status CheckClock(Instant now);
  // Writes down which platforms were seen; a failure is logged.
  void FlushSeen();

  const TrustAnchors anchors;
  const std::shared_ptr<WatchedStore> store;
  const std::unique_ptr<RegistrationJournal> journal;  // null for what is not written to a disk
  const std::unique_ptr<SharedLink> shared;            // null: there are no replicas
  const StoreDamage damage;
  const std::unique_ptr<UpstreamEvents> upstream_events;
  const std::unique_ptr<Upstreams> upstreams;
  CacheEvents events;  // before the cache, whose background work records them
  UpstreamLags lags;   // likewise
  PlatformRegistry registry;
  AppraisalPolicies appraisal_policies;
  Version3TcbInfos version3_infos;
  MissBudgets miss_budgets;
  FmspcList fmspcs;
  PckSource pck_source;
  CollateralCache cache;
  Refresher refresher;
  RefreshScheduler refresh;
  SeenPlatforms seen;
  SeenEndorsements seen_endorsements;
  PckService pck_service;
  WaitingRegistrations waiting;
  CollateralUpload upload;
  HostVcek host_vcek;
  Transfer transfer;

 private:
  Collateral(const Config& config, const Clock& clock, TrustAnchors the_anchors, OpenedStore opened,
             std::unique_ptr<SharedLink> the_shared, std::unique_ptr<UpstreamEvents> the_upstream_events,
             std::unique_ptr<Upstreams> the_upstreams);
};

}  // namespace thimble
