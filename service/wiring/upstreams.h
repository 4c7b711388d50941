// SPDX-License-Identifier: Apache-2.0
//
// The upstreams as the configuration names them, and the functions by which cache and dialects fetch from them. What is
// returned may be called from many threads at once, and refers to its arguments, which outlive it.
#pragma once

#include <memory>

#include "cache/collateral_cache.h"
#include "fetchers/upstreams.h"
#include "service/config/config.h"
#include "service/support/clock.h"
#include "service/upstreams/fmspc_list.h"
#include "service/upstreams/host_vcek.h"
#include "service/upstreams/miss_budgets.h"
#include "service/upstreams/pck_source.h"
#include "service/upstreams/upstream_events.h"

namespace thimble {

inline SteadyTime SteadyNow() { return std::chrono::steady_clock::now(); }

// AMD's chains as the cache has them, for what is authenticated by them. The upstreams ask for them, and are made
// before the cache is.
struct CachedChains {
  CollateralCache* cache = nullptr;
  const Clock* clock = nullptr;

  Result<std::string> Get(const AmdChainKey& key) const {
    TRY_ASSIGN(const CacheAnswer answer, cache->Get(key, clock->Now()));
    return std::string(AsText(answer.item->body()));
  }
};

// Malformed (request.invalid) for a URL that is not a base.
Result<std::unique_ptr<Upstreams>> MakeUpstreams(const Config& config, std::shared_ptr<CachedChains> chains,
                                                 UpstreamEvents& events);

// For the cache: within the budgets, and never in OFFLINE mode (mode.forbids_fetch).
FetchFunction FetchFrom(Upstreams& upstreams, PckSource& pck_source, MissBudgets& budgets, CachingMode mode);
// For floors.url: what is asked there comes from one host, and rarely.
std::shared_ptr<HttpClient> FloorsClient();
FmspcList::Fetch FmspcsFrom(Upstreams& upstreams, MissBudgets& budgets, Seconds budget);
// Empty when there is no upstream that could tell.
HostVcek::Ask AskHostOf(const Config& config, Upstreams& upstreams, MissBudgets& budgets);
// How long somebody waits for a call that another makes: its own time, and a second to judge what came.
inline std::chrono::milliseconds PatienceOf(const Config& config) {
  return config.server.miss_wait + Seconds(1);
}

}  // namespace thimble
