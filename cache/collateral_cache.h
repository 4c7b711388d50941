// SPDX-License-Identifier: Apache-2.0
//
// The collateral cache: hit, single-flight miss, verified before cached, never backwards, stale rules (DESIGN section
// 3). The cache never talks to a vendor itself: it is given a function that fetches, which service/ plugs in.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cache/answers.h"
#include "cache/attachments.h"
#include "cache/event.h"
#include "cache/freshness.h"
#include "cache/history_rules.h"
#include "cache/record.h"
#include "cache/store.h"
#include "tcb/base/result.h"
#include "tcb/collateral_item.h"
#include "tcb/collateral_key.h"
#include "tcb/pki/trust_anchors.h"

namespace thimble {

// One fetch: the bytes as they came and where from ("https://api.trustedservices.intel.com/...").
struct FetchedBytes {
  CollateralBytes bytes;
  std::string source;
  std::string upstream = {};            // that gave it, as configured; empty: none did
  std::optional<Instant> checked = {};  // when a vendor was asked for it; absent: now
};
using SteadyTime = std::chrono::steady_clock::time_point;
// Takes an answer or refuses it: then another upstream may have a better one. So it may when the answer is an old one,
// which is taken all the same.
using AcceptFunction = std::function<Result<AfterAnswer>(FetchedBytes answer)>;
// Must return by the deadline. OK means that an answer was taken. Errors: kUnavailable with upstream.unreachable,
// .status, .answer or .not_found; why the answers that came were refused.
using FetchFunction =
    std::function<Status(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept)>;

// Real clocks for pacing and back-off: given in so that tests can step them. Judgements of time take `now`
// instead.
using SteadyClock = std::function<SteadyTime()>;

struct CacheOptions {
  FreshnessRules freshness;
  Seconds stale_grace{7 * 24 * 3600};
  std::chrono::milliseconds miss_wait{5000};  // a request's budget for upstream work, retries included
  std::chrono::milliseconds failure_backoff{
      10000};                                     // after a failed fetch; doubles up to 10 min, with jitter
  std::chrono::milliseconds negative_ttl{30000};  // after upstream.not_found
  size_t max_platform_items = 1'000'000;          // VCEKs and PCK sets: least recently used go first
  HistoryRules history;
  Seconds lag{3 * 24 * 3600};  // an item that vendors sign anew every day, and older: MayBeSuperseded()
  // Told of each upstream that was asked how far it is behind; must not block. Empty: nobody is.
  std::function<void(const UpstreamLag&)> on_lag;
  size_t max_hot_items = 20'000;  // in memory; a VCEK with its chain takes about 10 kB
  size_t refresh_threads = 2;     // of background renewal
  uint64_t jitter_seed = 0;       // another one an instance, so that they renew at other times
  // Whether anybody can be asked; empty: yes. Where nobody can, what is held is served as it is, and that it is due is no
  // failure.
  std::function<bool(Vendor)> has_upstream;
  // How often an upstream of the vendor has come back after an outage: what failed in one is tried again at once then.
  // Empty: nobody knows, and back-offs alone count.
  std::function<uint64_t(Vendor)> recoveries;
  // Called by whoever asks for several items: gives what the threads that work for it do first of all, and what ends
  // with them. Empty: nothing.
  std::function<std::function<std::shared_ptr<void>()>()> context;
  size_t max_lookups = 2'000;  // PCK sets of platforms that nobody has registered, some 50 kB each; likewise
};

// Whether to ask also for what failed, or was checked, a short while ago.
enum class RefreshUrge : uint8_t {
  kPatient,  // it is left alone for its back-off
  kNow,
};

struct CacheAnswer {
  ItemPtr item;
  Freshness freshness = Freshness::kFresh;
  Instant fetched{};     // when these bytes came from upstream
  Instant last_check{};  // as of LastCheck(): may be kNever
  Instant next_refresh{};
  bool hit = false;                                     // answered without waiting for an upstream
  std::shared_ptr<const Attachments> attachments = {};  // of the cached item; null: it is not cached
};

// A version that was held, and since when.
struct PastVersion {
  ItemPtr item;
  Instant fetched{};
};

// One line of the status page.
struct CacheStatus {
  CollateralKey key;
  Freshness freshness;
  Instant issued{}, next_update{}, fetched{};
  Instant last_check{};  // as of LastCheck(): may be kNever
  Instant next_refresh{};
  std::string source, sha256;
  uint64_t order_number = 0;
  std::string last_error;  // empty: none since the last success
};

// Thread-safe. No lock is held while fetching, verifying or touching the store.
class CollateralCache {
 public:
  CollateralCache(std::shared_ptr<Store> store, TrustAnchors anchors, FetchFunction fetch,
                  CacheOptions options, EventSink events, SteadyClock clock);
  ~CollateralCache();  // waits for background work that runs; what is only queued is dropped

  // From memory, the store, or upstream, in this order. Never waits for a refresh of an item that is not stale.
  // Errors: kUnavailable with the cause (upstream.*, collateral.missing, or the failed check of a refused answer).
  Result<CacheAnswer> Get(const CollateralKey& key, Instant now);
  // Several, in their order. What has to be fetched is fetched at the same time: it shares one request's time.
  std::vector<Result<CacheAnswer>> GetAll(const std::vector<CollateralKey>& keys, Instant now);
  // From memory or the store only; nullopt when it is not cached.
  std::optional<CacheAnswer> Peek(const CollateralKey& key, Instant now);

  // Takes an item from outside (import, upload): verified and ordered like a fetch. Past its nextUpdate and older than
  // the cached item, it enters as history only. Errors: the failed check; collateral.rollback; store.io.
  Result<ItemPtr> Put(const CollateralKey& key, const FetchedBytes& fetched, Instant now, bool allow_older);

  // Takes what another replica's vendor gave it at `fetched.checked`: as of an upstream that was asked then. Nobody is asked
  // here, and no back-off rests on it. Errors: the failed check; collateral.rollback.
  thimble::Status TakeShared(const CollateralKey& key, const FetchedBytes& fetched, Instant now);

  // Several from outside together. Admit() authenticates like a fetch and takes nothing; its errors are the failed
  // checks. TakeTogether() writes all of them down in one batch with `beside`, what else has to be written with
  // them, or fails (store.io) and takes none. What is older than the cached item is left out: collateral.rollback in
  // its place of the answer.
  struct Admission {
    CollateralKey key;
    ItemPtr item;
    std::string issuer_chain;
    std::optional<Instant> fetched = {};  // when it came to where it is imported from; absent: it comes now
    bool past = false;                    // for the history alone
    Instant last_check = kNever;          // when its vendor was asked, where we know it
  };
  Result<Admission> Admit(const CollateralKey& key, const FetchedBytes& fetched, Instant now);
  Result<std::vector<thimble::Status>> TakeTogether(const std::vector<Admission>& admissions,
                                                    const std::vector<Store::Write>& beside, Instant now);

  // One attempt to renew a key now, whatever its freshness, and with kNow whatever its back-off; joins one that is on
  // its way. Errors as of Get(), also when an older version is held and stays.
  Result<CacheAnswer> Refresh(const CollateralKey& key, Instant now, RefreshUrge urge = RefreshUrge::kNow);

  // The same in the background, unless a failure or check of late forbids it: for whoever has seen a newer version.
  void RefreshSoon(const CollateralKey& key, Instant now);

  // Removes an item of a single platform. False: it was not held, or could not be removed.
  bool Remove(const CollateralKey& key);

  // Of what many platforms share, which is little; and of the items of single platforms, the first so many by name.
  std::vector<CacheStatus> Status(Instant now);
  std::vector<CacheStatus> PlatformStatus(Instant now, size_t most);
  size_t platform_items() const;
  // Waits until nothing is queued or running in the background.
  void Settle();
  // No failure or check of late forbids to ask upstreams for it again.
  bool MayTry(const CollateralKey& key) const;
  std::vector<CollateralKey> Keys();  // of all that is held in the store
  // The versions of a key that were held, newest first: for /v1/history.
  std::vector<PastVersion> History(const CollateralKey& key);
  // The one that was held at that time, for "at": nullopt when none was, or it is not kept.
  std::optional<PastVersion> HistoryAt(const CollateralKey& key, Instant at);
  // Everything as it lies in the store, for exports: the cached items, and the history.
  std::vector<Record> Records();
  std::vector<Record> PastRecords();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble
