// SPDX-License-Identifier: Apache-2.0
#include "cache/platform_registry.h"

#include <algorithm>
#include <set>

#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using intel::PlatformId;
using Why = QueuedRegistration::Why;

constexpr size_t kShownDigits = 8;  // of a PPID, which identifies a machine for ever
constexpr std::string_view kPlatforms = "registry/platform/", kQueue = "registry/queue/";

std::string PlatformEntry(const PlatformId& id) { return StrCat(kPlatforms, id.name()); }
std::string QueuePrefix(const PlatformId& id) { return StrCat(kQueue, id.name(), "/"); }
std::string QueueEntry(const Registration& registration) {
  return StrCat(QueuePrefix(registration.platform), registration.raw ? registration.raw->HexUpper() : "-");
}

// How many may wait for their turn to change what replicas share: each holds a thread, while a database takes its time.
constexpr int kMostWaiting = 64;
std::atomic<int> waiting_for_turn{0};  // of this process

class Queued {
 public:
  Queued() : before_(waiting_for_turn++) {}
  ~Queued() { --waiting_for_turn; }
  Queued(const Queued&) = delete;
  Queued& operator=(const Queued&) = delete;
  bool too_many() const { return before_ >= kMostWaiting; }

 private:
  const int before_;
};

Platform NewPlatform(const PlatformId& id) { return {id, {}, {}, {}, {}, {}}; }

// Decodes every entry under a prefix; the first that cannot be ends it.
template <class T, class Decode>
Result<std::vector<T>> ReadAll(Store& store, std::string_view prefix, const Decode& decode) {
  std::vector<T> all;
  Status decoded;
  TRY(store.Scan(prefix, [&](std::string_view, std::string_view value) {
    auto one = decode(value);
    if (one.ok()) {
      all.push_back(std::move(one).value());
    } else {
      decoded = std::move(one).error();
    }
    return decoded.ok();
  }));
  TRY(decoded);
  return all;
}

}  // namespace

bool IsRegistryEntry(const std::string& name, const std::string& value) {
  if (std::ranges::any_of(value, [](unsigned char c) { return c < ' '; })) return false;
  if (name.starts_with(kPlatforms)) {
    const auto platform = DecodePlatform(value);
    return platform.ok() && PlatformEntry(platform->id) == name;
  }
  if (!name.starts_with(kQueue)) return false;
  const auto queued = DecodeQueued(value);
  return queued.ok() && QueueEntry(queued->registration) == name;
}

Error PlatformMismatch(const PlatformId& id, const intel::Ppid& bound, const intel::Ppid& offered) {
  return {ErrorKind::kRejected, Check::kPckPlatformMismatch,
          StrCat("platform ", id.name(), " is bound to PPID ", bound.hex().substr(0, kShownDigits),
                 "..., these certificates are of PPID ", offered.hex().substr(0, kShownDigits),
                 "...; if the id has passed to another board: `thimble platform forget ", id.qe_id(), "`")};
}

// ---- RegistryEdit ----

Result<std::optional<std::string>> RegistryEdit::Get(const std::string& name) {
  if (const auto changed = changes_.find(name); changed != changes_.end()) return changed->second;
  TRY_ASSIGN(auto value, store_.Get(name));
  read_.emplace(name, value);
  return value;
}

Result<std::optional<Platform>> RegistryEdit::Find(const PlatformId& id) {
  TRY_ASSIGN(const auto value, Get(PlatformEntry(id)));
  if (!value) return std::optional<Platform>();
  auto platform = DecodePlatform(*value);
  if (!platform.ok()) return std::move(platform).error();
  return std::optional<Platform>(std::move(platform).value());
}

Result<std::optional<QueuedRegistration>> RegistryEdit::FindQueued(const std::string& name) {
  TRY_ASSIGN(const auto value, Get(name));
  if (!value) return std::optional<QueuedRegistration>();
  auto queued = DecodeQueued(*value);
  if (!queued.ok()) return std::move(queued).error();
  return std::optional<QueuedRegistration>(std::move(queued).value());
}

void RegistryEdit::Put(const Platform& platform) {
  changes_[PlatformEntry(platform.id)] = EncodePlatform(platform);
}
void RegistryEdit::Put(QueuedRegistration queued) {
  ++queued.revision;
  changes_[QueueEntry(queued.registration)] = EncodeQueued(queued);
}

Status RegistryEdit::Remember(const Registration& registration) {
  TRY_ASSIGN(const auto known, Find(registration.platform));
  Platform platform = known.value_or(NewPlatform(registration.platform));
  if (registration.ppid && !registration.ppid->zero()) platform.ppid = registration.ppid;
  if (registration.manifest) platform.manifest = registration.manifest;
  if (!known || platform != *known) Put(platform);
  return {};
}

Status RegistryEdit::Bind(const PlatformId& id, const intel::PckSet& set) {
  TRY_ASSIGN(const auto known, Find(id));
  Platform platform = known.value_or(NewPlatform(id));
  if (platform.bound && *platform.bound != set.ppid) {
    ++mismatches_;
    return PlatformMismatch(id, *platform.bound, set.ppid);
  }
  platform.bound = set.ppid;
  platform.fmspc = set.fmspc;
  platform.ca = set.ca;
  if (!known || platform != *known) Put(platform);
  return {};
}

Status RegistryEdit::RecordLevels(const PlatformId& id, std::vector<intel::PckTcb> levels) {
  TRY_ASSIGN(auto known, Find(id));
  if (!known || !known->bound || known->levels == levels) return {};
  known->levels = std::move(levels);
  Put(*known);
  return {};
}

Status RegistryEdit::ForgetLevels(const PlatformId& id) {
  TRY_ASSIGN(auto known, Find(id));
  if (!known || !known->levels) return {};
  known->levels.reset();
  Put(*known);
  return {};
}

Result<bool> RegistryEdit::Forget(const PlatformId& id) {
  TRY_ASSIGN(const auto known, Find(id));
  if (known) changes_[PlatformEntry(id)] = std::nullopt;
  TRY_ASSIGN(const auto queued, QueuedNames(id));
  for (const std::string& name : queued) changes_[name] = std::nullopt;
  return known.has_value() || !queued.empty();
}

Status RegistryEdit::RecordChoice(const PlatformId& id, const TcbMapping& mapping) {
  TRY_ASSIGN(const auto known, Find(id));
  if (!known) return {};
  Platform platform = *known;
  if (std::ranges::find(platform.tcbs, mapping) != platform.tcbs.end()) return {};
  std::erase_if(platform.tcbs, [&](const TcbMapping& other) { return other.raw == mapping.raw; });
  if (platform.tcbs.size() >= kMaxTcbs) platform.tcbs.erase(platform.tcbs.begin());
  platform.tcbs.push_back(mapping);
  Put(platform);
  return {};
}

Status RegistryEdit::Enqueue(const Registration& registration, Why why) {
  TRY_ASSIGN(auto found, FindQueued(QueueEntry(registration)));
  if (!found) {
    Put(QueuedRegistration{registration, why});
    return {};
  }
  if (found->registration == registration && found->why == why && !found->handed_out) return {};
  found->registration = registration;
  found->why = why;
  found->handed_out = false;
  Put(*std::move(found));
  return {};
}

Status RegistryEdit::Withdraw(const Registration& registration) {
  TRY_ASSIGN(const auto found, FindQueued(QueueEntry(registration)));
  if (found && found->registration == registration) changes_[QueueEntry(registration)] = std::nullopt;
  return {};
}

// What of a platform is in the queue, or was a moment ago in this edit.
Result<std::vector<std::string>> RegistryEdit::QueuedNames(const PlatformId& id) {
  const std::string prefix = QueuePrefix(id);
  std::vector<std::string> names;
  TRY(store_.Scan(prefix, [&](std::string_view name, std::string_view) {
    names.emplace_back(name);
    return true;
  }));
  for (const auto& [name, value] : changes_) {
    if (name.starts_with(prefix)) names.push_back(name);
  }
  return names;
}

Status RegistryEdit::Settle(const PlatformId& id, const std::vector<intel::PckTcb>& not_available) {
  TRY_ASSIGN(const auto names, QueuedNames(id));
  for (const std::string& name : names) {
    TRY_ASSIGN(const auto queued, FindQueued(name));
    if (!queued) continue;
    const auto& raw = queued->registration.raw;
    const bool waits_on = queued->why == Why::kNotAvailable && raw &&
                          std::ranges::find(not_available, *raw) != not_available.end();
    if (!waits_on) changes_[name] = std::nullopt;
  }
  return {};
}

Status RegistryEdit::HandOut(const std::vector<QueuedRegistration>& read) {
  for (const QueuedRegistration& entry : read) {
    TRY_ASSIGN(auto now, FindQueued(QueueEntry(entry.registration)));
    if (now != entry) continue;
    now->handed_out = true;
    Put(*std::move(now));
  }
  return {};
}

std::vector<Store::Write> RegistryEdit::Writes() const {
  std::vector<Store::Write> writes;
  writes.reserve(changes_.size());
  for (const auto& [name, value] : changes_) writes.push_back({name, value});
  return writes;
}

// ---- PlatformRegistry ----

Result<std::optional<Platform>> PlatformRegistry::Find(const PlatformId& id) {
  return RegistryEdit(*store_, mismatches_).Find(id);
}

Result<std::vector<Platform>> PlatformRegistry::Platforms() {
  return ReadAll<Platform>(*store_, kPlatforms, DecodePlatform);
}

Result<std::optional<Platform>> PlatformRegistry::FindByProof(const intel::PlatformProof& proof,
                                                              const intel::PceId& pce_id) {
  if (!proofs_.built()) {
    const std::lock_guard lock(indexing_);
    TRY_ASSIGN(const auto platforms, Platforms());
    proofs_.Build(platforms);
  }
  for (const PlatformId& id : proofs_.Candidates(proof)) {
    if (id.pce_id() != pce_id) continue;
    TRY_ASSIGN(auto platform, Find(id));
    if (platform && platform->bound && platform->proof() == proof) return platform;
  }
  return std::optional<Platform>();
}

Result<std::vector<PlatformId>> PlatformRegistry::IdsOf(std::string_view qe_id) {
  const auto any = PlatformId::From(qe_id, {});
  std::vector<PlatformId> ids;
  if (!any) return ids;
  std::set<std::string> names;
  for (const std::string_view room : {kPlatforms, kQueue}) {
    TRY(store_->Scan(StrCat(room, PercentEncode(any->qe_id()), "/"),
                     [&](std::string_view name, std::string_view) {
                       name.remove_prefix(room.size());
                       names.emplace(name.substr(0, name.find('/', name.find('/') + 1)));
                       return true;
                     }));
  }
  for (const std::string& name : names) {
    if (auto id = PlatformId::FromName(name)) ids.push_back(*std::move(id));
  }
  return ids;
}

Result<std::vector<QueuedRegistration>> PlatformRegistry::Queue(
    const std::function<bool(const QueuedRegistration&)>& wanted) {
  TRY_ASSIGN(auto all, ReadAll<QueuedRegistration>(*store_, kQueue, DecodeQueued));
  std::erase_if(all, [&](const QueuedRegistration& queued) { return !wanted(queued); });
  return all;
}

Result<std::vector<QueuedRegistration>> PlatformRegistry::Waiting(Why why) {
  return Queue([why](const QueuedRegistration& queued) { return queued.why == why && !queued.handed_out; });
}
Result<std::vector<QueuedRegistration>> PlatformRegistry::HandedOut() {
  return Queue([](const QueuedRegistration& queued) { return queued.handed_out; });
}

Status PlatformRegistry::Edit(const Change& change) {
  return Edit(change, [this](const std::vector<Store::Write>& writes) {
    return writes.empty() ? Status() : store_->Apply(writes);
  });
}

Status PlatformRegistry::Edit(const Change& change, const Apply& apply) {
  constexpr int kMostTries = 5;
  const Queued place;
  if (shared_ != nullptr && place.too_many())
    return Error{ErrorKind::kUnavailable, Check::kStoreIo,
                 "shared database: many changes wait for it: try again"};
  const std::lock_guard lock(editing_);
  bool anew = false;
  for (int tries = 0; tries < kMostTries; ++tries) {
    RegistryEdit edit(*store_, mismatches_);
    TRY(change(edit));
    TRY_ASSIGN(const bool agreed, Agree(edit));
    if (agreed) return Write(edit.Writes(), apply);
    TRY(CatchUp(anew));
  }
  return Error{ErrorKind::kUnavailable, Check::kStoreIo,
               "shared database: other replicas change the same platforms: try again"};
}

// Into the journal, then into the store: what one of them lacks the other has.
Status PlatformRegistry::Write(std::vector<Store::Write> writes, const Apply& apply) {
  if (writes.empty()) return apply(writes);
  ++edits_;
  TRY_ASSIGN(const int64_t growth, Growth(writes));
  std::vector<Store::Write> beside;
  TRY(AddParting(beside));
  if (log_ != nullptr) {
    TRY_ASSIGN(Store::Write mark, log_->Append(writes));
    writes.push_back(std::move(mark));
  }
  for (Store::Write& write : beside) writes.push_back(std::move(write));
  if (Status applied = apply(writes); !applied) {
    if (log_ != nullptr) log_->Undo();
    return applied;
  }
  Index(writes);
  count_ += static_cast<size_t>(growth);
  if (log_ == nullptr) return {};
  if (const auto mark = log_->Compact())
    (void)store_->Apply({*mark});  // without it the journal counts as newer: it is
  return {};
}

void PlatformRegistry::Index(const std::vector<Store::Write>& writes) {
  const std::lock_guard lock(indexing_);
  if (!proofs_.built()) return;
  for (const Store::Write& write : writes) {
    if (!write.value || !write.name.starts_with(kPlatforms)) continue;
    if (const auto platform = DecodePlatform(*write.value); platform.ok()) proofs_.Add(*platform);
  }
}

// By how many platforms there are more.
Result<int64_t> PlatformRegistry::Growth(const std::vector<Store::Write>& writes) {
  int64_t growth = 0;
  for (const Store::Write& write : writes) {
    if (!write.name.starts_with(kPlatforms)) continue;
    TRY_ASSIGN(const auto before, store_->Get(write.name));
    growth += int{write.value.has_value()} - int{before.has_value()};
  }
  return growth;
}

Status PlatformRegistry::ForgetLevels(const std::vector<std::string>& platforms) {
  constexpr size_t kAtOnce = 500;
  for (size_t from = 0; from < platforms.size(); from += kAtOnce) {
    TRY(Edit([&](RegistryEdit& edit) -> Status {
      for (size_t i = from; i < std::min(from + kAtOnce, platforms.size()); ++i) {
        if (const auto id = PlatformId::FromName(platforms[i])) TRY(edit.ForgetLevels(*id));
      }
      return {};
    }));
  }
  return {};
}

Status PlatformRegistry::CountPlatforms() {
  size_t count = 0;
  TRY(store_->Scan(kPlatforms, [&count](std::string_view, std::string_view) {
    ++count;
    return true;
  }));
  count_ = count;
  return {};
}

}  // namespace thimble
