// SPDX-License-Identifier: Apache-2.0
#include "cache/collateral_cache.h"

#include <future>

#include "cache/admission.h"
#include "cache/archive.h"
#include "cache/attempts.h"
#include "cache/collateral_cache_impl.h"
#include "cache/hot_tier.h"
#include "cache/keyed_mutex.h"
#include "cache/selectors.h"
#include "cache/single_flight.h"
#include "cache/workers.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"

namespace thimble {
namespace {

constexpr std::chrono::milliseconds kAuthenticationTime{1000};  // that a flight may take beyond its fetch
constexpr Seconds kNoteUseEvery{3600};

bool IsOverBudget(const Flight& flight) { return !flight.ok() && flight.error().check == Check::kMissBudget; }

// Of two that are held of one item: the later version, and of one version what was checked later.
bool IsLater(const CachedItem& a, const CachedItem& b) {
  if (!NotOlder(*a.item, *b.item)) return false;
  return !NotOlder(*b.item, *a.item) || a.last_check() > b.last_check();
}

// What `find` has of a key. Evaluation data by its number is looked for under the selectors that may have brought it,
// too, and the latest counts: whichever answered last, it never goes backwards.
template <class FindOne>
CachedItemPtr LatestOf(const CollateralKey& key, const std::string& name, const FindOne& find) {
  CachedItemPtr latest = find(key, name);
  for (const CollateralKey& other : OtherKeysOf(key)) {
    CachedItemPtr held = find(other, KeyName(other));
    if (!held || held->item->order_number() != SelectorOf(key)->number) continue;
    if (!latest || IsLater(*held, *latest)) latest = std::move(held);
  }
  return latest;
}

// It is held, and past its grace: an upstream that has none, or a mode that asks none, does not make it something that
// does not exist.
Error TooOld(const std::string& name, const std::optional<Error>& cause) {
  const bool absent =
      cause && (cause->check == Check::kUpstreamNotFound || cause->check == Check::kModeForbidsFetch);
  if (cause && !absent) return *cause;
  return {ErrorKind::kUnavailable, Check::kCollateralMissing,
          StrCat(name, ": what is held is past its nextUpdate and its grace", cause ? "; " : "",
                 cause ? cause->message : "")};
}

}  // namespace

// -- Reading ----------------------------------------------------------------------------------------------------------

// What is held of an item, whichever selector brought it. Null: nothing.
CachedItemPtr CollateralCache::Impl::Find(const CollateralKey& key, const std::string& name) {
  return LatestOf(key, name,
                  [this](const auto& one, const auto& its_name) { return FindUnder(one, its_name); });
}

// From memory, or from the store into memory. Null: not held under this key.
CachedItemPtr CollateralCache::Impl::FindUnder(const CollateralKey& key, const std::string& name) {
  if (CachedItemPtr held = hot.Find(name)) return held;
  const KeyedMutex::Turn turn(&turns, name);
  if (CachedItemPtr held = hot.Find(name)) return held;
  CachedItemPtr held = archive.Load(key, name);
  if (held) hot.Put(name, held);
  return held;
}

CacheAnswer CollateralCache::Impl::Answer(const CachedItem& held, Instant now, bool hit) const {
  const FreshnessState state = Judge(held, now);
  return {held.item, state.freshness, held.fetched(), LastCheck(held.freshness, now), state.next_refresh,
          hit,       held.attachments};
}

// nullopt: it is stale.
std::optional<CacheAnswer> CollateralCache::Impl::Hit(const CollateralKey& key, const std::string& name,
                                                      const CachedItem& held, Instant now) {
  CacheAnswer answer = Answer(held, now, true);
  if (answer.freshness == Freshness::kStale) return std::nullopt;
  NoteUse(key, name, held, now);
  if (answer.freshness == Freshness::kRefreshDue)
    RefreshInBackground(held.item->key(), held.item->name(), now, Urge::kDue);
  Report(Kind::kHit, name);
  return answer;
}

void CollateralCache::Impl::NoteUse(const CollateralKey& key, const std::string& name, const CachedItem& held,
                                    Instant now) {
  if (!IsPlatformItem(KindOf(key))) return;
  const int64_t seconds = now.time_since_epoch().count();
  int64_t noted = held.noted_use.load(std::memory_order_relaxed);
  if (noted != INT64_MIN && HappenedWithin(kNoteUseEvery, Instant(Seconds(noted)), now)) return;
  if (!held.noted_use.compare_exchange_strong(noted, seconds, std::memory_order_relaxed)) return;
  const bool queued = workers.Submit("use/" + name, [this, name, now] {
    const KeyedMutex::Turn turn(&turns, name);
    archive.NoteUse(name, now);
  });
  if (queued) return;
  held.noted_use.store(noted, std::memory_order_relaxed);  // the next use is to be written down
  Report(Kind::kQueueFull, name, nullptr, "its use is not written down");
}

void CollateralCache::Impl::RefreshInBackground(const CollateralKey& key, const std::string& name,
                                                Instant now, Urge urge) {
  if (!MayTry(key, name)) return;
  // Its outcome is noted and reported where it happens; nobody waits for it here.
  const bool queued = workers.Submit(name, [this, key, name, now, urge] { (void)Fly(key, name, now, urge); });
  if (!queued) Report(Kind::kQueueFull, name, nullptr, "it is not renewed yet");
}

// Joins the attempt that is on its way for this key, or makes one. Whoever must have asked does not take it from one
// that found no need to, and nobody from one whose client has no budget left.
Flight CollateralCache::Impl::Fly(const CollateralKey& key, const std::string& name, Instant now, Urge urge) {
  const auto patience = options.miss_wait + kAuthenticationTime;
  while (true) {
    bool mine = false;
    auto attempt = flights.Share(name, patience, [&] {
      mine = true;
      return Try(key, name, now, urge);
    });
    if (!attempt) {
      return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable,
                   StrCat(name, ": still being fetched")};
    }
    const bool asked = attempt->asked || urge != Urge::kNow;
    if (asked && (mine || !IsOverBudget(attempt->outcome))) return std::move(attempt->outcome);
  }
}

// Runs for one name once at a time, so that what the last attempt noted is seen here.
Attempt CollateralCache::Impl::Try(const CollateralKey& key, const std::string& name, Instant now,
                                   Urge urge) {
  if (urge != Urge::kNow) {
    const CachedItemPtr held = Find(key, name);
    const auto wanted = urge == Urge::kMissing ? Freshness::kStale : Freshness::kRefreshDue;
    if (held && urge != Urge::kPatient && Judge(*held, now).freshness < wanted) return {held, false};
    if (auto blocked = attempts.Blocked(name, clock())) {
      const bool waits_for_it = urge != Urge::kDue && IsMissing(held, now);
      if (!waits_for_it || !attempts.TakeProbe(name, clock())) return {*std::move(blocked), false};
    } else if (held && !attempts.MayTry(name, clock())) {
      return {held, false};
    }
  }
  return {Renew(key, name, now), true};
}

Result<CacheAnswer> CollateralCache::Impl::RenewOrServeStale(const CollateralKey& key,
                                                             const std::string& name, Instant now) {
  const bool missing = IsMissing(Find(key, name), now);
  const bool tries = MayTry(key, name) || (missing && attempts.MayProbe(name, clock()));
  if (tries)
    (void)Fly(key, name, now, Urge::kMissing);  // whatever comes of it, what is held then is the answer
  const CachedItemPtr held = Find(key, name);
  if (held && Judge(*held, now).freshness != Freshness::kStale) return Answer(*held, now, false);
  return ServeStale(name, held, now, !tries);
}

Result<CacheAnswer> CollateralCache::Impl::ServeStale(const std::string& name, const CachedItemPtr& held,
                                                      Instant now, bool hit) {
  const auto cause = attempts.LastError(name);
  if (held && now <= held->item->next_update() + options.stale_grace) {
    Report(Kind::kStaleServed, name, cause ? &*cause : nullptr);
    return Answer(*held, now, hit);
  }
  return TooOld(name, cause);
}

// -- The public face --------------------------------------------------------------------------------------------------

CollateralCache::CollateralCache(std::shared_ptr<Store> store, TrustAnchors anchors, FetchFunction fetch,
                                 CacheOptions options, EventSink events, SteadyClock clock)
    : impl_(std::make_unique<Impl>(std::move(store), std::move(anchors), std::move(fetch), options,
                                   std::move(events), std::move(clock))) {}
CollateralCache::~CollateralCache() = default;

// What memory holds of evaluation data by its number does not tell whether another selector has brought a later one.
std::optional<CacheAnswer> CollateralCache::GetAtOnce(const CollateralKey& key, Instant now) {
  if (IsByNumber(key)) return std::nullopt;
  const std::string name = KeyName(key);
  const CachedItemPtr held = impl_->hot.Find(name);
  return held ? impl_->Hit(key, name, *held, now) : std::nullopt;
}

Result<CacheAnswer> CollateralCache::Get(const CollateralKey& key, Instant now) {
  const std::string name = KeyName(key);
  if (const CachedItemPtr held = impl_->Find(key, name)) {
    if (auto answer = impl_->Hit(key, name, *held, now)) return *std::move(answer);
    impl_->NoteUse(key, name, *held, now);
    return impl_->RenewOrServeStale(key, name, now);
  }
  impl_->Report(Kind::kMiss, name);
  if (auto blocked = impl_->attempts.Blocked(name, impl_->clock())) {
    if (!impl_->attempts.MayProbe(name, impl_->clock())) return *std::move(blocked);
  }
  TRY_ASSIGN(const CachedItemPtr held, impl_->Fly(key, name, now, Urge::kMissing));
  if (impl_->Judge(*held, now).freshness == Freshness::kStale)
    return impl_->ServeStale(name, held, now, false);
  return impl_->Answer(*held, now, false);
}

std::vector<Result<CacheAnswer>> CollateralCache::GetAll(const std::vector<CollateralKey>& keys,
                                                         Instant now) {
  const auto enter =
      impl_->options.context ? impl_->options.context() : std::function<std::shared_ptr<void>()>();
  std::vector<std::future<Result<CacheAnswer>>> fetches(keys.size());
  for (size_t i = 0; i < keys.size(); ++i) {
    const auto held = Peek(keys[i], now);
    if (held && (held->freshness != Freshness::kStale || !MayTry(keys[i]))) continue;  // nobody is asked
    fetches[i] = std::async(std::launch::async, [this, &key = keys[i], now, &enter] {
      const std::shared_ptr<void> scope = enter ? enter() : nullptr;
      return Get(key, now);
    });
  }
  std::vector<Result<CacheAnswer>> answers;
  for (size_t i = 0; i < keys.size(); ++i) {
    answers.push_back(fetches[i].valid() ? fetches[i].get() : Get(keys[i], now));
  }
  return answers;
}

std::optional<CacheAnswer> CollateralCache::Peek(const CollateralKey& key, Instant now) {
  const CachedItemPtr held = impl_->Find(key, KeyName(key));
  if (!held) return std::nullopt;
  return impl_->Answer(*held, now, true);
}

Result<CacheAnswer> CollateralCache::Refresh(const CollateralKey& key, Instant now, RefreshUrge urge) {
  const Urge why = urge == RefreshUrge::kNow ? Urge::kNow : Urge::kPatient;
  TRY_ASSIGN(const CachedItemPtr held, impl_->Fly(key, KeyName(key), now, why));
  return impl_->Answer(*held, now, false);
}

void CollateralCache::RefreshSoon(const CollateralKey& key, Instant now) {
  impl_->RefreshInBackground(key, KeyName(key), now, Urge::kPatient);
}

bool CollateralCache::Remove(const CollateralKey& key) { return impl_->Remove(key, KeyName(key)); }

Result<CollateralCache::Admission> CollateralCache::Admit(const CollateralKey& key,
                                                          const FetchedBytes& fetched, Instant now) {
  const auto admitted = thimble::Admit(key, fetched.bytes, impl_->anchors, now);
  if (!admitted.ok()) {
    impl_->Report(Kind::kRefused, KeyName(key), &admitted.error(), admitted.error().message);
    return admitted.error();
  }
  return Admission{key, (*admitted)->WithSource(fetched.source), fetched.bytes.issuer_chain};
}

Result<std::vector<thimble::Status>> CollateralCache::TakeTogether(const std::vector<Admission>& admissions,
                                                                   const std::vector<Store::Write>& beside,
                                                                   Instant now) {
  auto taken = impl_->TakeTogether(admissions, beside, now);
  impl_->EvictOverflow();
  return taken;
}

Result<ItemPtr> CollateralCache::Put(const CollateralKey& key, const FetchedBytes& fetched, Instant now,
                                     bool allow_older) {
  TRY_ASSIGN(const Admission admission, Admit(key, fetched, now));
  const std::string name = KeyName(key);
  const auto taken = impl_->Take(
      {key, name, admission.item, admission.issuer_chain, now, Arrival::From::kOutside, allow_older});
  if (!taken.ok()) {
    const bool rollback = taken.error().check == Check::kCollateralRollback;
    if (rollback) impl_->Report(Kind::kRollback, name, &taken.error(), taken.error().message);
    return taken.error();
  }
  return admission.item;
}

thimble::Status CollateralCache::TakeShared(const CollateralKey& key, const FetchedBytes& fetched,
                                            Instant now) {
  TRY_ASSIGN(const ItemPtr item, thimble::Admit(key, fetched.bytes, impl_->anchors, now));
  TRY(impl_->Take({key, KeyName(key), item->WithSource(fetched.source), fetched.bytes.issuer_chain, now,
                   Arrival::From::kReplica, false, fetched.checked.value_or(kNever)}));
  return {};
}

std::vector<CacheStatus> CollateralCache::Impl::StatusOf(const std::vector<Record>& records,
                                                         Instant now) const {
  std::vector<CacheStatus> lines;
  for (const Record& record : records) {
    const auto key = ParseKeyName(record.name);
    if (!key) continue;  // of a kind that this version does not know
    const auto input = MakeFreshnessInput(*key, record, archive.SeedOf(record.name));
    const FreshnessState state = JudgeFreshness(input, options.freshness, now);
    const auto error = attempts.LastError(record.name);
    lines.push_back({.key = *key,
                     .freshness = state.freshness,
                     .issued = record.issued,
                     .next_update = record.next_update,
                     .fetched = record.fetched,
                     .last_check = LastCheck(input, now),
                     .next_refresh = state.next_refresh,
                     .source = record.source,
                     .sha256 = record.sha256.hex(),
                     .order_number = record.order_number,
                     .last_error = error ? error->message : ""});
  }
  return lines;
}

std::vector<CacheStatus> CollateralCache::Status(Instant now) {
  return impl_->StatusOf(impl_->archive.SharedRecords(), now);
}
std::vector<CacheStatus> CollateralCache::PlatformStatus(Instant now, size_t most) {
  return impl_->StatusOf(impl_->archive.PlatformRecords(most), now);
}
size_t CollateralCache::platform_items() const { return impl_->archive.platform_items(); }
bool CollateralCache::MayTry(const CollateralKey& key) const {
  return impl_->attempts.MayTry(KeyName(key), impl_->clock());
}
void CollateralCache::Settle() { impl_->workers.WaitUntilIdle(); }
std::vector<CollateralKey> CollateralCache::Keys() { return impl_->archive.Keys(); }
std::vector<PastVersion> CollateralCache::History(const CollateralKey& key, size_t most,
                                                  const std::optional<Digest256>& before) {
  std::vector<PastVersion> versions;
  for (const CachedItemPtr& held : impl_->archive.Past(key, most, before))
    versions.push_back({held->item, held->fetched()});
  return versions;
}
std::optional<PastVersion> CollateralCache::HistoryOf(const CollateralKey& key, const Digest256& sha256) {
  const CachedItemPtr held = impl_->archive.PastOf(key, sha256);
  return held ? std::optional(PastVersion{held->item, held->fetched()}) : std::nullopt;
}
std::optional<PastVersion> CollateralCache::HistoryAt(const CollateralKey& key, Instant at) {
  const CachedItemPtr held = LatestOf(
      key, KeyName(key), [&](const auto& one, const auto&) { return impl_->archive.PastAt(one, at); });
  return held ? std::optional(PastVersion{held->item, held->fetched()}) : std::nullopt;
}
std::vector<Record> CollateralCache::Records() { return impl_->archive.CurrentRecords(); }
std::vector<Record> CollateralCache::PastRecords() { return impl_->archive.PastRecords(); }

}  // namespace thimble
