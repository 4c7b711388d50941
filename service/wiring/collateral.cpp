// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/collateral.h"

#include <algorithm>
#include <filesystem>
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
constexpr size_t kMaxSeenEndorsements =
    256;  // at most 64 KiB each; a utility VM has a new one every few months

// A rack of new machines behind one address is well within the first, and the vendors' patience within the second.
constexpr TokenRate kMissesPerClient{.per_second = 20, .burst = 200};
constexpr TokenRate kMissesPerVendor{.per_second = 50, .burst = 1000};

std::function<bool(Vendor)> HasUpstream(const Config& config, const Upstreams& upstreams) {
  return [mode = config.pccs.mode, &upstreams](Vendor vendor) {
    return mode != CachingMode::kOffline &&
           std::ranges::any_of(upstreams.States(),
                               [vendor](const auto& state) { return state.vendor == vendor; });
  };
}

CacheOptions CacheOptionsOf(const Config& config, const Upstreams& upstreams, UpstreamLags& lags) {
  CacheOptions options;
  options.has_upstream = HasUpstream(config, upstreams);
  options.recoveries = [&upstreams](Vendor vendor) { return upstreams.Recoveries(vendor); };
  options.freshness.max_age = config.refresh.max_age;
  options.stale_grace = config.cache.stale_grace;
  options.miss_wait = config.server.miss_wait;
  options.history = config.history.rules;
  options.lag = config.refresh.lag;
  options.on_lag = [&lags](const UpstreamLag& lag) { lags.Record(lag); };
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

RefresherOptions RefresherOptionsOf(const Config& config, const Upstreams& upstreams,
                                    PlatformRegistry& registry, CacheEvents& events) {
  RefresherOptions options;
  options.has_upstream = HasUpstream(config, upstreams);
  options.registry = &registry;
  options.events = [&events](const CacheEvent& event) { events.Record(event); };
  return options;
}

FetchFunction FetchWithReplicas(SharedLink* shared, const Config& config, FetchFunction fetch,
                                const TrustAnchors& anchors, CollateralCache& cache, const Clock& clock) {
  if (shared == nullptr || config.pccs.mode == CachingMode::kOffline) return fetch;
  return shared->items().Around(std::move(fetch), anchors, [&cache, &clock](const CollateralKey& key) {
    return cache.Peek(key, clock.Now()).has_value();
  });
}

}  // namespace

Collateral::Collateral(const Config& config, const Clock& clock, TrustAnchors the_anchors, OpenedStore opened,
                       std::unique_ptr<SharedLink> the_shared,
                       std::unique_ptr<UpstreamEvents> the_upstream_events,
                       std::unique_ptr<Upstreams> the_upstreams)
    : anchors(std::move(the_anchors)),
      store(std::move(opened.store)),
      journal(std::move(opened.journal)),
      shared(std::move(the_shared)),
      damage(*store, std::move(opened.found)),
      upstream_events(std::move(the_upstream_events)),
      upstreams(std::move(the_upstreams)),
      lags(2 * config.refresh.max_age),
      registry(store, journal.get(), shared ? &shared->facts() : nullptr),
      appraisal_policies(store),
      version3_infos(store, anchors),
      miss_budgets(kMissesPerClient, kMissesPerVendor, SteadyNow),
      fmspcs(FmspcsFrom(*upstreams, miss_budgets, config.server.miss_wait),
             {.max_age = config.refresh.max_age, .patience = PatienceOf(config)}),
      pck_source(registry, *upstreams, anchors),
      cache(
          store, anchors,
          FetchWithReplicas(shared.get(), config,
                            FetchFrom(*upstreams, pck_source, miss_budgets, config.pccs.mode), anchors, cache,
                            clock),
          CacheOptionsOf(config, *upstreams, lags), [this](const CacheEvent& event) { events.Record(event); },
          SteadyNow),
      refresher(cache, RefresherOptionsOf(config, *upstreams, registry, events)),
      refresh(refresher, clock),
      seen(store, kMaxSeenTcbs),
      seen_endorsements(store, kMaxSeenEndorsements),
      pck_service(cache, registry, pck_source, clock, {config.pccs.mode, config.refresh.max_age}, &seen),
      waiting(
          registry, [this](const Registration& registration) { return pck_service.FetchFor(registration); },
          [reachable = HasUpstream(config, *upstreams)] { return reachable(Vendor::kIntel); },
          [this] { return refresh.stopping(); }),
      upload(cache, registry, version3_infos, pck_service, clock, {upstreams->site(), anchors}),
      host_vcek(config.thim.host, cache, anchors, AskHostOf(config, *upstreams, miss_budgets), clock,
                PatienceOf(config)),
      transfer(cache, registry, upload, clock) {}

Result<std::unique_ptr<Collateral>> Collateral::Make(const Config& config, Storage storage,
                                                     const Clock& clock) {
  TRY_ASSIGN(TrustAnchors anchors, ReadAnchors(config.server.anchors));
  const auto chains = std::make_shared<CachedChains>();
  auto upstream_events = std::make_unique<UpstreamEvents>(clock);
  TRY_ASSIGN(auto upstreams, MakeUpstreams(config, chains, *upstream_events));
  TRY_ASSIGN(auto store, OpenStore(config, storage));
  const std::vector<std::string> from_journal = std::move(store.found.from_journal);
  // What only looks at a store changes nothing anywhere.
  const bool shares = !config.shared.url.empty() && storage != Storage::kReadOnly;
  auto shared = shares ? std::make_unique<SharedLink>(config.shared, clock) : nullptr;
  std::unique_ptr<Collateral> collateral(new Collateral(config, clock, std::move(anchors), std::move(store),
                                                        std::move(shared), std::move(upstream_events),
                                                        std::move(upstreams)));
  *chains = {&collateral->cache, &clock};
  TRY(collateral->registry.CountPlatforms());
  TRY(collateral->registry.ForgetLevels(from_journal));
  TRY_ASSIGN(const size_t dropped, collateral->seen.Load());
  if (dropped != 0) LogWarning("records of platforms cannot be read and are dropped", {{"records", dropped}});
  TRY_ASSIGN(const size_t damaged, collateral->seen_endorsements.Load());
  if (damaged != 0) LogWarning("endorsements cannot be read and are dropped", {{"records", damaged}});
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
