// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/collateral.h"

#include <algorithm>
#include <functional>
#include <random>

#include "service/config/anchors.h"
#include "service/support/log.h"
#include "service/wiring/upstreams.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxSeenTcbs = 10'000;  // a few hundred bytes each

// A rack of new machines behind one address is well within the first, and the vendors' patience within the second.
constexpr MissRate kMissesPerClient{.per_second = 20, .burst = 200};
constexpr MissRate kMissesPerVendor{.per_second = 50, .burst = 1000};

std::function<bool(Vendor)> HasUpstream(const Config& config, const Upstreams& upstreams) {
  return [mode = config.pccs.mode, &upstreams](Vendor vendor) {
    return mode != CachingMode::kOffline &&
           std::ranges::any_of(upstreams.States(),
                               [vendor](const auto& state) { return state.vendor == vendor; });
  };
}

CacheOptions CacheOptionsOf(const Config& config, const Upstreams& upstreams) {
  CacheOptions options;
  options.has_upstream = HasUpstream(config, upstreams);
  options.freshness.max_age = config.refresh.max_age;
  options.stale_grace = config.cache.stale_grace;
  options.miss_budget = config.server.miss_budget;
  options.history = config.history.rules;
  // What a request makes several threads fetch is for its client.
  options.context = [] {
    return [client = std::string(MissBudgets::Client())]() -> std::shared_ptr<void> {
      return std::make_shared<MissBudgets::OnBehalf>(client);
    };
  };
  std::random_device random;  // instances that start together renew at different times
  options.jitter_seed = (uint64_t{random()} << 32) | random();
  return options;
}

// The platforms of an FMSPC whose PCK certificates were seen.
std::vector<intel::PlatformId> PlatformsOf(PlatformRegistry& registry, const intel::Fmspc& fmspc) {
  std::vector<intel::PlatformId> ids;
  const auto platforms = registry.Platforms();
  if (!platforms) {
    LogWarning("platforms cannot be read", {}, platforms.error().message);
    return ids;
  }
  for (const Platform& platform : *platforms) {
    if (platform.fmspc == fmspc) ids.push_back(platform.id);
  }
  return ids;
}

RefresherOptions RefresherOptionsOf(const Config& config, const Upstreams& upstreams,
                                    PlatformRegistry& registry, CacheEvents& events) {
  RefresherOptions options;
  options.has_upstream = HasUpstream(config, upstreams);
  options.platforms = [&registry](const intel::Fmspc& fmspc) { return PlatformsOf(registry, fmspc); };
  options.events = [&events](const CacheEvent& event) { events.Record(event); };
  return options;
}

}  // namespace

Collateral::Collateral(const Config& config, const Clock& clock, TrustAnchors the_anchors, OpenedStore opened,
                       std::unique_ptr<UpstreamEvents> the_upstream_events,
                       std::unique_ptr<Upstreams> the_upstreams)
    : anchors(std::move(the_anchors)),
      store(std::move(opened.store)),
      journal(std::move(opened.journal)),
      damage(*store, std::move(opened.found)),
      upstream_events(std::move(the_upstream_events)),
      upstreams(std::move(the_upstreams)),
      registry(store, journal.get()),
      appraisal_policies(store),
      version3_infos(store, anchors),
      fmspcs(FmspcsFrom(*upstreams, config.server.miss_budget), config.refresh.max_age),
      pck_source(registry, *upstreams),
      miss_budgets(kMissesPerClient, kMissesPerVendor, SteadyNow),
      cache(
          store, anchors, FetchFrom(*upstreams, pck_source, miss_budgets, config.pccs.mode),
          CacheOptionsOf(config, *upstreams), [this](const CacheEvent& event) { events.Record(event); },
          SteadyNow),
      refresher(cache, store, RefresherOptionsOf(config, *upstreams, registry, events)),
      refresh(refresher, clock),
      seen(store, kMaxSeenTcbs),
      pck_service(cache, registry, pck_source, clock, {config.pccs.mode, config.refresh.max_age}, &seen),
      upload(cache, registry, version3_infos, pck_service, clock),
      host_vcek(config.thim.host, cache, anchors, AskHostOf(config, *upstreams), clock),
      transfer(cache, registry, upload, clock) {}

Result<std::unique_ptr<Collateral>> Collateral::Make(const Config& config, Storage storage,
                                                     const Clock& clock) {
  TRY_ASSIGN(TrustAnchors anchors, ReadAnchors(config.server.anchors));
  const auto chains = std::make_shared<CachedChains>();
  auto upstream_events = std::make_unique<UpstreamEvents>();
  TRY_ASSIGN(auto upstreams, MakeUpstreams(config, chains, *upstream_events));
  TRY_ASSIGN(auto store, OpenStore(config, storage));
  std::unique_ptr<Collateral> collateral(new Collateral(config, clock, std::move(anchors), std::move(store),
                                                        std::move(upstream_events), std::move(upstreams)));
  *chains = {&collateral->cache, &clock};
  TRY(collateral->registry.CountPlatforms());
  TRY_ASSIGN(const size_t dropped, collateral->seen.Load());
  if (dropped != 0) LogWarning("records of platforms cannot be read and are dropped", {{"records", dropped}});
  return collateral;
}

Status Collateral::CheckClock(Instant now) {
  constexpr Seconds kTolerance{300};  // as of what arrives (DESIGN section 3)
  for (const CacheStatus& item : cache.Status(now)) {
    if (item.issued <= now + kTolerance) continue;
    return Error{ErrorKind::kUnavailable, Check::kCollateralFromFuture,
                 StrCat("the clock says ", FormatRfc3339(now), ", but ", KeyName(item.key), " was issued on ",
                        FormatRfc3339(item.issued), ": set the clock")};
  }
  return {};
}

void Collateral::FlushSeen() {
  if (const Status flushed = seen.Flush(); !flushed)
    LogWarning("platforms seen cannot be written down", {}, flushed.error().message);
}

}  // namespace thimble
