// SPDX-License-Identifier: Apache-2.0
//
// Renewing: one attempt to fetch an item, and what becomes of an item that arrives.
#include <deque>
#include <map>

#include "cache/admission.h"
#include "cache/archive.h"
#include "cache/attempts.h"
#include "cache/collateral_cache.h"
#include "cache/collateral_cache_impl.h"
#include "cache/hot_tier.h"
#include "cache/keyed_mutex.h"
#include "cache/single_flight.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// Whatever stands in the way of collateral, it is unavailable: never a verdict about evidence.
Error Unavailable(Error error) {
  if (error.kind != ErrorKind::kInternal) error.kind = ErrorKind::kUnavailable;
  return error;
}

Error NothingNewer(const CollateralItem& item) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer,
          StrCat(item.name(), ": upstream has nothing newer than what ended on ",
                 FormatRfc3339(item.next_update()))};
}

}  // namespace

// One attempt, down the upstreams until one has an answer that can be taken and is not old. Whatever goes wrong, what was
// held stays.
Flight CollateralCache::Impl::Renew(const CollateralKey& key, const std::string& name, Instant now) {
  const bool held = Find(key, name) != nullptr;
  const CachedItemPtr same_key = FindUnder(key, name);
  const Attempts::Start start = attempts.Begin(VendorOf(key));
  Answers answers(same_key ? same_key->item : nullptr, options.lag, now);
  const auto fetched = fetch(key, clock() + options.miss_wait, [&](FetchedBytes answer) {
    return Receive(key, name, std::move(answer), now, answers);
  });
  if (options.on_lag) std::ranges::for_each(answers.Lags(), options.on_lag);
  if (const auto& best = answers.best()) {
    auto taken = Take(
        {key, name, best->item, best->issuer_chain, now, Arrival::From::kUpstream, false, best->checked});
    if (taken.ok()) return taken;
    Report(Kind::kRollback, name, &taken.error(),
           taken.error().message);  // a newer one was brought meanwhile
    return Unavailable(std::move(taken).error());
  }
  Error unavailable = Unavailable(fetched.error());
  // Nobody was asked: that one client has no budget left must not keep others from asking.
  if (unavailable.check == Check::kMissBudget) {
    Report(Kind::kOverBudget, name, &unavailable);
    return unavailable;
  }
  // Noted before it is reported: who hears of it may count on the back-off.
  attempts.Failed(name, unavailable, held ? Possession::kHeld : Possession::kMissing, clock(), start);
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
                           std::move(answer.bytes.issuer_chain), std::move(answer.upstream), answer.checked);
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
        return arrival.from == Arrival::From::kUpstream || arrival.LastCheck() > held->last_check()
                   ? NoteCheck(arrival, *held)
                   : Flight(held);
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

// What comes from an upstream is served even when it cannot be written down; an import has to be.
Flight CollateralCache::Impl::Keep(const Arrival& arrival) {
  const CachedItemPtr next =
      archive.MakeHeld(arrival.key, arrival.item, arrival.chain, arrival.now, arrival.LastCheck());
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
  const CachedItemPtr checked =
      archive.MakeHeld(arrival.key, held.item, held.issuer_chain, std::min(held.fetched(), arrival.now),
                       std::max(arrival.LastCheck(), std::min(held.last_check(), arrival.now)));
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
    attempts.Failed(arrival.name, NothingNewer(*arrival.item), Possession::kHeld, clock(),
                    attempts.Begin(VendorOf(arrival.key)));
  } else if (unchanged) {
    if (arrival.from == Arrival::From::kUpstream) attempts.Unchanged(arrival.name, clock());
  } else {
    attempts.Renewed(arrival.name);
  }
}

// From outside, a version that has ended may fill the history; nothing older replaces what is held.
Flight CollateralCache::Impl::RefuseOlder(const Arrival& arrival, const CachedItemPtr& held) {
  const bool ended = arrival.now > arrival.item->next_update();
  if (arrival.from != Arrival::From::kOutside || !ended) return RollbackError(*arrival.item, *held->item);
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

}  // namespace thimble
