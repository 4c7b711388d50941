// SPDX-License-Identifier: Apache-2.0
#include "cache/collateral_cache.h"

#include <deque>
#include <future>
#include <map>

#include "cache/admission.h"
#include "cache/archive.h"
#include "cache/attempts.h"
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
constexpr std::chrono::milliseconds kAuthenticationTime{1000};  // that a flight may take beyond its fetch
constexpr Seconds kNoteUseEvery{3600};

// Whatever stands in the way of collateral, it is unavailable: never a verdict about evidence.
Error Unavailable(Error error) {
  if (error.kind != ErrorKind::kInternal) error.kind = ErrorKind::kUnavailable;
  return error;
}

bool IsOverBudget(const Flight& flight) { return !flight.ok() && flight.error().check == Check::kMissBudget; }

// An item that has been admitted, on its way to be held.
struct Arrival {
  const CollateralKey& key;
  const std::string& name;
  ItemPtr item;
  std::string chain;
  Instant now;
  enum class From : uint8_t { kUpstream, kOutside } from = From::kUpstream;
  bool allow_older = false;
};

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

Error NothingNewer(const CollateralItem& item) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer,
          StrCat(item.name(), ": upstream has nothing newer than what ended on ",
                 FormatRfc3339(item.next_update()))};
}

}  // namespace

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
                  .seed = options.jitter_seed}),
        workers(options.refresh_threads, kMaxQueued) {}

  void Report(Kind kind, const std::string& item, const Error* error = nullptr,
              std::string_view detail = "") const {
    if (events) events({kind, item, error, detail});
  }

  // For the sake of what is held.
  bool MayTry(const CollateralKey& key, const std::string& name) const {
    return attempts.MayTry(name, clock()) && (!options.has_upstream || options.has_upstream(VendorOf(key)));
  }

  CachedItemPtr Find(const CollateralKey& key, const std::string& name);
  CachedItemPtr FindUnder(const CollateralKey& key, const std::string& name);
  FreshnessState Judge(const CachedItem& held, Instant now) const {
    return JudgeFreshness(held.freshness, options.freshness, now);
  }
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
  const auto patience = options.miss_budget + kAuthenticationTime;
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
    if (auto blocked = attempts.Blocked(name, clock())) return {*std::move(blocked), false};
    if (held && !attempts.MayTry(name, clock())) return {held, false};
  }
  return {Renew(key, name, now), true};
}

Result<CacheAnswer> CollateralCache::Impl::RenewOrServeStale(const CollateralKey& key,
                                                             const std::string& name, Instant now) {
  const bool tries = MayTry(key, name);
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

// -- Renewing ---------------------------------------------------------------------------------------------------------

// One attempt, down the upstreams until one has an answer that can be taken and is not old. Whatever goes wrong, what was
// held stays.
Flight CollateralCache::Impl::Renew(const CollateralKey& key, const std::string& name, Instant now) {
  const bool held = Find(key, name) != nullptr;
  const CachedItemPtr same_key = FindUnder(key, name);
  Answers answers(same_key ? same_key->item : nullptr, options.lag, now);
  const auto fetched = fetch(key, clock() + options.miss_budget, [&](FetchedBytes answer) {
    return Receive(key, name, std::move(answer), now, answers);
  });
  if (options.on_lag) std::ranges::for_each(answers.Lags(), options.on_lag);
  if (const auto& best = answers.best()) {
    auto taken = Take({key, name, best->item, best->issuer_chain, now});
    if (taken.ok()) return taken;
    Report(Kind::kRollback, name, &taken.error(), taken.error().message);  // a newer one was brought meanwhile
    return Unavailable(std::move(taken).error());
  }
  Error unavailable = Unavailable(fetched.error());
  // Nobody was asked: that one client has no budget left must not keep others from asking.
  if (unavailable.check == Check::kMissBudget) {
    Report(Kind::kOverBudget, name, &unavailable);
    return unavailable;
  }
  // Noted before it is reported: who hears of it may count on the back-off.
  attempts.Failed(name, unavailable, held ? Possession::kHeld : Possession::kMissing, clock());
  if (!answers.came()) Report(Kind::kFetchFailed, name, &fetched.error(), fetched.error().message);
  return unavailable;
}

// An answer of an upstream: a candidate, or refused with the reason.
Result<AfterAnswer> CollateralCache::Impl::Receive(const CollateralKey& key, const std::string& name,
                                                   FetchedBytes answer, Instant now, Answers& answers) const {
  const auto admitted = thimble::Admit(key, answer.bytes, anchors, now);
  if (!admitted.ok()) {
    answers.AddRefused();
    Report(Kind::kRefused, name, &admitted.error(), admitted.error().message);
    return admitted.error();
  }
  auto added = answers.Add((*admitted)->WithSource(std::move(answer.source)),
                           std::move(answer.bytes.issuer_chain), std::move(answer.upstream));
  if (!added.ok()) Report(Kind::kRollback, name, &added.error(), added.error().message);
  return added;
}

// Decides between what arrives and what is held. The answer is what is held then.
Flight CollateralCache::Impl::Take(const Arrival& arrival) {
  Flight taken = [&]() -> Flight {
    const KeyedMutex::Turn turn(&turns, arrival.name);
    CachedItemPtr held = hot.Find(arrival.name);
    if (!held) held = archive.Load(arrival.key, arrival.name);
    if (!held) return Keep(arrival);
    switch (SuccessionOf(*arrival.item, *held->item)) {
      case Succession::kSame:
        return arrival.from == Arrival::From::kUpstream ? NoteCheck(arrival, *held) : Flight(held);
      case Succession::kOlder:
        if (!arrival.allow_older) return RefuseOlder(arrival, held);
        break;
      case Succession::kNewer:
        break;
    }
    ReportDifferences(*arrival.item, *held->item);
    return Keep(arrival);
  }();
  EvictOverflow();
  if (taken.ok()) KeepChainOf(arrival);
  return taken;
}

// The chain that a VCEK came with is an item, too: where there is no way to the KDS, as behind Azure's IMDS, nothing else
// brings it.
void CollateralCache::Impl::KeepChainOf(const Arrival& arrival) {
  const auto* const vcek = std::get_if<VcekKey>(&arrival.key);
  if (vcek == nullptr) return;
  const CollateralKey key = AmdChainKey{vcek->product, amd::SigningKey::kVcek};
  const std::string name = KeyName(key);
  if (Find(key, name)) return;
  const auto chain =
      thimble::Admit(key, {Bytes(arrival.chain.begin(), arrival.chain.end()), ""}, anchors, arrival.now);
  if (!chain.ok()) return;  // what comes with a VCEK may hold more or less than the chain; then it is fetched
  (void)Take({key, name, (*chain)->WithSource(arrival.item->source()), "", arrival.now, arrival.from});
}

// Turns are taken in the order of names, so that two of these cannot wait for each other.
Result<std::vector<thimble::Status>> CollateralCache::Impl::TakeTogether(
    const std::vector<CollateralCache::Admission>& admissions, const std::vector<Store::Write>& beside,
    Instant now) {
  std::map<std::string, CachedItemPtr> held;
  for (const auto& admission : admissions) held.emplace(admission.item->name(), nullptr);
  std::deque<KeyedMutex::Turn> all_turns;
  for (const auto& [name, unused] : held) all_turns.emplace_back(&turns, name);

  std::vector<thimble::Status> outcomes;
  std::map<std::string, Archive::Version> versions;
  std::vector<CachedItemPtr> past;
  for (const auto& [key, item, chain, fetched, is_past, last_check] : admissions) {
    const CachedItemPtr next = archive.MakeHeld(key, item, chain, fetched.value_or(now), last_check);
    if (is_past) {
      past.push_back(next);
      outcomes.emplace_back();
      continue;
    }
    CachedItemPtr& current = held[item->name()];
    if (!current) current = hot.Find(item->name());
    if (!current) current = archive.Load(key, item->name());
    const Succession succession = current ? SuccessionOf(*item, *current->item) : Succession::kNewer;
    outcomes.push_back(succession == Succession::kOlder
                           ? thimble::Status(RollbackError(*item, *current->item))
                           : thimble::Status());
    if (succession != Succession::kNewer) continue;
    if (current) ReportDifferences(*item, *current->item);
    current = next;
    versions.insert_or_assign(item->name(), Archive::Version{key, current});
  }
  std::vector<Archive::Version> batch;
  for (const auto& [name, version] : versions) batch.push_back(version);
  TRY(archive.SaveVersions(batch, past, now, beside));
  for (const auto& [name, version] : versions) {
    hot.Put(name, version.held);
    attempts.Renewed(name);
    Report(Kind::kRenewed, name, nullptr, version.held->item->source());
  }
  return outcomes;
}

// What comes from an upstream is served even when it cannot be written down; an import has to be. Who brings something
// from outside does not say whether the vendor has newer.
Flight CollateralCache::Impl::Keep(const Arrival& arrival) {
  const Instant checked = arrival.from == Arrival::From::kUpstream ? arrival.now : kNever;
  const CachedItemPtr next = archive.MakeHeld(arrival.key, arrival.item, arrival.chain, arrival.now, checked);
  next->noted_use = arrival.now.time_since_epoch().count();
  if (auto saved = archive.SaveVersion(arrival.key, *next, arrival.now); !saved) {
    Report(Kind::kStoreFailed, arrival.name, &saved.error(), saved.error().message);
    if (arrival.from == Arrival::From::kOutside) return std::move(saved).error();
  }
  hot.Put(arrival.name, next);
  NoteTaken(arrival, false);
  Report(Kind::kRenewed, arrival.name, nullptr, arrival.item->source());
  return next;
}

// An upstream was asked and has what is held. It came by now at the latest, whatever a clock that was ahead wrote down.
CachedItemPtr CollateralCache::Impl::NoteCheck(const Arrival& arrival, const CachedItem& held) {
  const bool came_later = held.fetched() > arrival.now;
  const CachedItemPtr checked = archive.MakeHeld(arrival.key, held.item, held.issuer_chain,
                                                 std::min(held.fetched(), arrival.now), arrival.now);
  checked->noted_use = held.noted_use.load();
  const auto saved =
      came_later ? archive.SaveVersion(arrival.key, *checked, arrival.now) : archive.SaveCheck(*checked);
  if (!saved) {
    Report(Kind::kStoreFailed, arrival.name, &saved.error(), saved.error().message);
  }
  hot.Put(arrival.name, checked);
  NoteTaken(arrival, true);
  Report(Kind::kUnchanged, arrival.name);
  return checked;
}

void CollateralCache::Impl::NoteTaken(const Arrival& arrival, bool unchanged) {
  if (arrival.from == Arrival::From::kUpstream && arrival.now > arrival.item->next_update()) {
    attempts.Failed(arrival.name, NothingNewer(*arrival.item), Possession::kHeld, clock());
  } else if (unchanged) {
    attempts.Unchanged(arrival.name, clock());
  } else {
    attempts.Renewed(arrival.name);
  }
}

// From outside, a version that has ended may fill the history; nothing older replaces what is held.
Flight CollateralCache::Impl::RefuseOlder(const Arrival& arrival, const CachedItemPtr& held) {
  const bool ended = arrival.now > arrival.item->next_update();
  if (arrival.from == Arrival::From::kUpstream || !ended) return RollbackError(*arrival.item, *held->item);
  TRY(archive.SavePast(*archive.MakeHeld(arrival.key, arrival.item, arrival.chain, arrival.now, kNever)));
  return held;
}

void CollateralCache::Impl::ReportDifferences(const CollateralItem& next, const CollateralItem& held) const {
  if (const size_t dropped = DroppedSerials(next, held); dropped > 0) {
    Report(Kind::kSerialsDropped, next.name(), nullptr, StrCat(dropped, " serials are no longer listed"));
  }
  if (!SameIssuerKey(next, held)) {
    Report(Kind::kIssuerChanged, next.name(), nullptr,
           StrCat("issuer key ", next.signers().front()->spki_sha256().hex(), ", before ",
                  held.signers().front()->spki_sha256().hex()));
  }
}

void CollateralCache::Impl::EvictOverflow() {
  while (const auto name = archive.Overflow()) {
    const KeyedMutex::Turn turn(&turns, *name);
    if (!archive.Remove(*name)) return;
    hot.Erase(*name);
    Report(Kind::kEvicted, *name);
  }
}

bool CollateralCache::Impl::Remove(const CollateralKey& key, const std::string& name) {
  const KeyedMutex::Turn turn(&turns, name);
  attempts.Renewed(name);
  const bool held = hot.Find(name) != nullptr || archive.Load(key, name) != nullptr;
  hot.Erase(name);
  return held && IsPlatformItem(KindOf(key)) && archive.Remove(name);
}

// -- The public face --------------------------------------------------------------------------------------------------

CollateralCache::CollateralCache(std::shared_ptr<Store> store, TrustAnchors anchors, FetchFunction fetch,
                                 CacheOptions options, EventSink events, SteadyClock clock)
    : impl_(std::make_unique<Impl>(std::move(store), std::move(anchors), std::move(fetch), options,
                                   std::move(events), std::move(clock))) {}
CollateralCache::~CollateralCache() = default;

Result<CacheAnswer> CollateralCache::Get(const CollateralKey& key, Instant now) {
  const std::string name = KeyName(key);
  if (const CachedItemPtr held = impl_->Find(key, name)) {
    impl_->NoteUse(key, name, *held, now);
    CacheAnswer answer = impl_->Answer(*held, now, true);
    if (answer.freshness == Freshness::kStale) return impl_->RenewOrServeStale(key, name, now);
    if (answer.freshness == Freshness::kRefreshDue) {
      impl_->RefreshInBackground(held->item->key(), held->item->name(), now, Urge::kDue);
    }
    impl_->Report(Kind::kHit, name);
    return answer;
  }
  impl_->Report(Kind::kMiss, name);
  if (auto blocked = impl_->attempts.Blocked(name, impl_->clock())) return *std::move(blocked);
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
std::vector<PastVersion> CollateralCache::History(const CollateralKey& key) {
  std::vector<PastVersion> versions;
  for (const CachedItemPtr& held : impl_->archive.Past(key))
    versions.push_back({held->item, held->fetched()});
  return versions;
}
std::optional<PastVersion> CollateralCache::HistoryAt(const CollateralKey& key, Instant at) {
  const CachedItemPtr held = LatestOf(
      key, KeyName(key), [&](const auto& one, const auto&) { return impl_->archive.PastAt(one, at); });
  return held ? std::optional(PastVersion{held->item, held->fetched()}) : std::nullopt;
}
std::vector<Record> CollateralCache::Records() { return impl_->archive.CurrentRecords(); }
std::vector<Record> CollateralCache::PastRecords() { return impl_->archive.PastRecords(); }

}  // namespace thimble
