// SPDX-License-Identifier: Apache-2.0
//
// The parts of the cache that its source files share: reading and answers are in collateral_cache.cpp, what is fetched and
// taken in renewal.cpp. For them alone.
#pragma once

#include "cache/archive.h"
#include "cache/attempts.h"
#include "cache/collateral_cache.h"
#include "cache/hot_tier.h"
#include "cache/keyed_mutex.h"
#include "cache/single_flight.h"
#include "cache/workers.h"

namespace thimble {

using Kind = CacheEvent::Kind;
using Flight = Result<CachedItemPtr>;

// Why an attempt is made. All but kNow look again when their turn comes: another may have landed since.
enum class Urge : uint8_t {
  kMissing,  // until something that is not stale is held
  kDue,      // until something fresh is held
  kPatient,  // all that is not blocked by the last attempt
  kNow,      // told to
};
struct Attempt {
  Flight outcome;
  bool asked;  // false: there was no need any more, or it was too soon
};

constexpr size_t kMaxQueued = 4096;

// An item that has been admitted, on its way to be held.
struct Arrival {
  const CollateralKey& key;
  const std::string& name;
  ItemPtr item;
  std::string chain;
  Instant now;
  enum class From : uint8_t { kUpstream, kReplica, kOutside } from = From::kUpstream;
  bool allow_older = false;
  std::optional<Instant> checked = {};  // when a vendor was asked; absent: now

  // Who brings something from outside does not say whether the vendor has newer.
  Instant LastCheck() const { return from == From::kOutside ? kNever : std::min(checked.value_or(now), now); }
};

struct CollateralCache::Impl {
  Impl(std::shared_ptr<Store> store, TrustAnchors trust_anchors, FetchFunction fetch_function,
       CacheOptions cache_options, EventSink sink, SteadyClock steady_clock)
      : anchors(std::move(trust_anchors)),
        fetch(std::move(fetch_function)),
        options(cache_options),
        events(std::move(sink)),
        clock(std::move(steady_clock)),
        archive(std::move(store), anchors, {options.max_platform_items, options.max_lookups}, options.history,
                options.jitter_seed, events),
        hot(options.max_hot_items),
        attempts({.failure_backoff = options.failure_backoff,
                  .negative_ttl = options.negative_ttl,
                  .seed = options.jitter_seed},
                 options.recoveries),
        workers(options.refresh_threads, kMaxQueued) {}

  void Report(Kind kind, const std::string& item, const Error* error = nullptr,
              std::string_view detail = "") const {
    if (events) events({kind, item, error, detail});
  }

  // For the sake of what is held.
  bool MayTry(const CollateralKey& key, const std::string& name) const {
    return attempts.MayTry(name, clock()) && (!options.has_upstream || options.has_upstream(VendorOf(key)));
  }

  // Nothing can be answered without an upstream.
  bool IsMissing(const CachedItemPtr& held, Instant now) const {
    return !held || now > held->item->next_update() + options.stale_grace;
  }

  CachedItemPtr Find(const CollateralKey& key, const std::string& name);
  CachedItemPtr FindUnder(const CollateralKey& key, const std::string& name);
  FreshnessState Judge(const CachedItem& held, Instant now) const {
    return JudgeFreshness(held.freshness, options.freshness, now);
  }
  std::optional<CacheAnswer> Hit(const CollateralKey& key, const std::string& name, const CachedItem& held,
                                 Instant now);
  CacheAnswer Answer(const CachedItem& held, Instant now, bool hit) const;
  Result<CacheAnswer> RenewOrServeStale(const CollateralKey& key, const std::string& name, Instant now);
  Result<CacheAnswer> ServeStale(const std::string& name, const CachedItemPtr& held, Instant now, bool hit);
  void RefreshInBackground(const CollateralKey& key, const std::string& name, Instant now, Urge urge);
  void NoteUse(const CollateralKey& key, const std::string& name, const CachedItem& held, Instant now);

  Flight Fly(const CollateralKey& key, const std::string& name, Instant now, Urge urge);
  Attempt Try(const CollateralKey& key, const std::string& name, Instant now, Urge urge);
  Flight Renew(const CollateralKey& key, const std::string& name, Instant now);
  Result<AfterAnswer> Receive(const CollateralKey& key, const std::string& name, FetchedBytes answer,
                              Instant now, Answers& answers) const;
  Flight Take(const Arrival& arrival);
  Result<std::vector<thimble::Status>> TakeTogether(const std::vector<CollateralCache::Admission>& admissions,
                                                    const std::vector<Store::Write>& beside, Instant now);
  Flight Keep(const Arrival& arrival);
  CachedItemPtr NoteCheck(const Arrival& arrival, const CachedItem& held);
  void NoteTaken(const Arrival& arrival, bool unchanged);
  Flight RefuseOlder(const Arrival& arrival, const CachedItemPtr& held);
  void ReportDifferences(const CollateralItem& next, const CollateralItem& held) const;
  void KeepChainOf(const Arrival& arrival);
  void EvictOverflow();
  bool Remove(const CollateralKey& key, const std::string& name);
  std::vector<CacheStatus> StatusOf(const std::vector<Record>& records, Instant now) const;

  const TrustAnchors anchors;
  const FetchFunction fetch;
  const CacheOptions options;
  const EventSink events;
  const SteadyClock clock;
  Archive archive;
  HotTier hot;
  Attempts attempts;
  SingleFlight<Attempt> flights;  // over the network
  KeyedMutex turns;               // what is held of a key changes under its turn
  Workers workers;                // last: its jobs use all of the above
};

}  // namespace thimble
