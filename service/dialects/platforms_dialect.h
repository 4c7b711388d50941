// SPDX-License-Identifier: Apache-2.0
//
// `platforms` in the dialect of Intel's PCCS: platforms register by POST, and an administrator's tool reads by GET
// who waits for certificates (spec/intel-pccs-api.md section 4). A read takes entries out of the queue only once
// the answer has arrived, and what it took can be had again: `source=handed_out` lists it, and registering again
// puts it back.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <vector>

#include "cache/collateral_cache.h"
#include "cache/platform_registry.h"
#include "service/baselines/evaluation.h"
#include "service/http/router.h"
#include "service/platforms/pck_service.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe. What it refers to outlives it, and it outlives the router that it is added to.
class PlatformsDialect {
 public:
  PlatformsDialect(PckService& service, PlatformRegistry& registry, CollateralCache& cache,
                   const DefaultEvaluation& evaluation, const Clock& clock)
      : service_(service), registry_(registry), cache_(cache), evaluation_(evaluation), clock_(clock) {}

  void AddTo(http::Router& router);

 private:
  http::Response Post(const http::Request& request, const http::Query& query);
  http::Response Get(const http::Query& query);
  http::Response FromQueue(QueuedRegistration::Why why);
  std::shared_ptr<const void> TurnToRead();
  http::Response HandedOut();
  http::Response OfFmspcs(std::string_view list);
  std::vector<CollateralKey> KeysFor(const intel::PlatformId& platform, std::vector<Selector> selectors);
  Status FetchAll(const std::vector<CollateralKey>& keys);

  PckService& service_;
  PlatformRegistry& registry_;
  CollateralCache& cache_;
  const DefaultEvaluation& evaluation_;
  const Clock& clock_;
  std::mutex mutex_;  // of what follows
  std::condition_variable has_read_;
  bool reading_ = false;  // somebody is handed the queue
};

}  // namespace thimble
