// SPDX-License-Identifier: Apache-2.0
#include "cache/archive.h"

#include <algorithm>
#include <charconv>

#include "cache/jitter.h"
#include "cache/store_rules.h"
#include "tcb/base/ascii.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/collateral.h"

namespace thimble {
namespace {

constexpr std::string_view kItem = "item/", kPast = "past/", kQuarantine = "quarantine/";
// Names of items that are shared, and of those of single platforms (IsPlatformItem). There may be a million of the
// latter, which is why lists of the former do not walk over them.
constexpr std::string_view kSharedNames[] = {"amd/chain/", "amd/crl/",        "intel/crl/",
                                             "intel/tcb/", "intel/identity/", "intel/numbers/"};
constexpr std::string_view kPlatformNames[] = {"amd/vcek/", "intel/pck/"};
constexpr const char* kLookups = "lookup/";
constexpr size_t kNumberDigits = 20;  // of TwentyDigits()
constexpr size_t kDigestDigits = 16;  // tells versions of one order and issue date apart

std::string ItemEntry(std::string_view name) { return StrCat(kItem, name); }
std::string PastPrefix(std::string_view name) { return StrCat(kPast, name, "/"); }

std::string PastEntry(const Record& record) {
  const Digest256 digest = Sha256(record.bytes.body, AsBytes(record.bytes.issuer_chain));
  return StrCat(PastPrefix(record.name), TwentyDigits(record.order_number), "-",
                TwentyDigits(static_cast<uint64_t>(record.issued.time_since_epoch().count())), "-",
                digest.hex().substr(0, kDigestDigits));
}

// KeyName in the name of an entry: everything after "item/", or between "past/" and the version.
std::string NameIn(std::string_view entry) {
  if (entry.starts_with(kItem)) return std::string(entry.substr(kItem.size()));
  const size_t version = entry.rfind('/');
  return std::string(entry.substr(kPast.size(), version - kPast.size()));
}

// The issue date in the name of a version, "past/<name>/<order>-<issued>-<digest>".
Instant IssuedIn(std::string_view entry) {
  const size_t at = entry.rfind('/') + 1 + kNumberDigits + 1;
  uint64_t seconds = 0;
  const std::string_view digits = entry.substr(std::min(at, entry.size()), kNumberDigits);
  std::from_chars(digits.data(), digits.data() + digits.size(), seconds);
  return Instant(Seconds(static_cast<int64_t>(seconds)));
}

// What anybody may have had fetched is counted apart, so that it drives out nothing of a registered platform.
bool IsLookup(std::string_view name) {
  const auto key = ParseKeyName(name);
  const auto* const pck = key ? std::get_if<PckCertsKey>(&*key) : nullptr;
  return pck != nullptr && pck->platform.asked();
}

}  // namespace

Archive::Archive(std::shared_ptr<Store> store, TrustAnchors anchors, Limits limits, HistoryRules history,
                 uint64_t jitter_seed, EventSink events)
    : store_(std::move(store)),
      anchors_(std::move(anchors)),
      history_(history),
      jitter_seed_(jitter_seed),
      events_(std::move(events)),
      platform_use_(store_, limits.platform_items),
      lookup_use_(store_, limits.lookups, kLookups) {
  ReportIfFailed(platform_use_.CountItems(), "");
  ReportIfFailed(lookup_use_.CountItems(), "");
}

PlatformUse& Archive::UseOf(std::string_view name) { return IsLookup(name) ? lookup_use_ : platform_use_; }

void Archive::Report(CacheEvent::Kind kind, std::string_view item, const Error& error) const {
  if (events_) events_({kind, item, &error, error.message});
}

void Archive::ReportIfFailed(const Status& status, std::string_view item) const {
  if (!status) Report(CacheEvent::Kind::kStoreFailed, item, status.error());
}

uint64_t Archive::SeedOf(const std::string& name) const {
  return MixSeed(std::hash<std::string>{}(name) + jitter_seed_);
}

// -- Reading ----------------------------------------------------------------------------------------------------------

void Archive::Quarantine(const std::string& entry, const std::string& value, const Error& error) {
  Report(CacheEvent::Kind::kQuarantined, NameIn(entry), error);
  ReportIfFailed(store_->Apply({{StrCat(kQuarantine, entry), value}, {entry, std::nullopt}}), NameIn(entry));
}

std::optional<Record> Archive::Read(const std::string& entry, const std::string& name) {
  auto value = store_->Get(entry);
  if (!value.ok()) {
    Report(CacheEvent::Kind::kStoreFailed, name, value.error());
    return std::nullopt;
  }
  if (!value->has_value()) return std::nullopt;
  auto record = DecodeRecord(name, **value);
  if (record.ok()) return std::move(record).value();
  Quarantine(entry, **value, record.error());
  return std::nullopt;
}

std::vector<Record> Archive::ReadAll(const std::string& prefix, size_t most) {
  std::vector<Record> records;
  struct Damaged {
    std::string entry, value;
    Error error;
  };
  std::vector<Damaged> damaged;
  const Status scanned = store_->Scan(prefix, [&](std::string_view entry, std::string_view value) {
    if (auto record = DecodeRecord(NameIn(entry), value); record.ok()) {
      records.push_back(std::move(record).value());
    } else {
      damaged.push_back({std::string(entry), std::string(value), std::move(record).error()});
    }
    return records.size() < most;
  });
  ReportIfFailed(scanned, prefix);
  for (const auto& [entry, value, error] : damaged) Quarantine(entry, value, error);
  return records;
}

// The store is not trusted: signature and chain are checked as if the record had just been fetched.
CachedItemPtr Archive::Revive(const CollateralKey& key, Record record) {
  const auto item = AuthenticateItem(key, record.bytes, anchors_);
  if (!item.ok()) {
    Report(CacheEvent::Kind::kRefused, record.name, item.error());
    return nullptr;
  }
  return MakeHeld(key, (*item)->WithSource(std::move(record.source)), std::move(record.bytes.issuer_chain),
                  record.fetched, record.last_check);
}

CachedItemPtr Archive::MakeHeld(const CollateralKey& key, ItemPtr item, std::string chain, Instant fetched,
                                Instant last_check) const {
  const FreshnessInput input{.window = item->window(),
                             .chain_end = item->chain_window().not_after,
                             .fetched = fetched,
                             .last_check = last_check,
                             .renewal = RenewalOf(KindOf(key)),
                             .jitter_seed = SeedOf(item->name())};
  return std::make_shared<CachedItem>(std::move(item), std::move(chain), input);
}

CachedItemPtr Archive::Load(const CollateralKey& key, const std::string& name) {
  auto record = Read(ItemEntry(name), name);
  return record ? Revive(key, *std::move(record)) : nullptr;
}

std::vector<Record> Archive::SharedRecords() {
  std::vector<Record> records;
  for (const std::string_view names : kSharedNames)
    std::ranges::move(ReadAll(ItemEntry(names)), std::back_inserter(records));
  return records;
}

std::vector<Record> Archive::PlatformRecords(size_t most) {
  std::vector<Record> records;
  for (const std::string_view names : kPlatformNames) {
    if (records.size() >= most) break;
    std::ranges::move(ReadAll(ItemEntry(names), most - records.size()), std::back_inserter(records));
  }
  return records;
}

std::vector<CollateralKey> Archive::Keys() {
  std::vector<CollateralKey> keys;
  const Status scanned = store_->Scan(kItem, [&keys](std::string_view entry, std::string_view) {
    if (auto key = ParseKeyName(NameIn(entry))) keys.push_back(*std::move(key));
    return true;
  });
  ReportIfFailed(scanned, "");
  return keys;
}

// Newest first: names ascend in (order, issued).
std::vector<Record> Archive::PastRecords(const std::string& name) {
  auto records = ReadAll(PastPrefix(name));
  std::reverse(records.begin(), records.end());
  return records;
}

std::vector<CachedItemPtr> Archive::Past(const CollateralKey& key, size_t most,
                                         const std::optional<Digest256>& before) {
  std::vector<Record> records = PastRecords(KeyName(key));
  if (before) {
    // The same bytes may be kept twice, with two chains.
    const auto named = std::ranges::find(records.rbegin(), records.rend(), *before, &Record::sha256);
    records.erase(records.begin(), named == records.rend() ? records.end() : named.base());
  }
  std::vector<CachedItemPtr> versions;
  for (auto record = records.begin(); record != records.end() && versions.size() < most; ++record) {
    if (CachedItemPtr held = Revive(key, std::move(*record))) versions.push_back(std::move(held));
  }
  return versions;
}

CachedItemPtr Archive::PastOf(const CollateralKey& key, const Digest256& sha256) {
  for (Record& record : PastRecords(KeyName(key))) {
    if (record.sha256 != sha256) continue;
    if (CachedItemPtr held = Revive(key, std::move(record))) return held;
  }
  return nullptr;
}

CachedItemPtr Archive::PastAt(const CollateralKey& key, Instant at) {
  const std::string name = KeyName(key);
  std::vector<Record> records;
  if (!IsPlatformItem(KindOf(key))) {
    records = PastRecords(name);
  } else if (auto current = Read(ItemEntry(name), name)) {
    records.push_back(*std::move(current));
  }
  std::erase_if(records, [at](const Record& record) { return record.fetched > at; });
  std::ranges::stable_sort(records, std::ranges::greater(),
                           &Record::fetched);  // of one second, the newest first
  for (Record& record : records) {
    if (CachedItemPtr held = Revive(key, std::move(record))) return held;
  }
  return nullptr;
}

std::vector<Record> Archive::CurrentRecords() { return ReadAll(std::string(kItem)); }
std::vector<Record> Archive::PastRecords() { return ReadAll(std::string(kPast)); }

// -- Writing ----------------------------------------------------------------------------------------------------------

// The writes of a version, and how many platform items the store has more by it.
Result<PlatformUse::Note> Archive::AppendVersion(const CollateralKey& key, const CachedItem& held,
                                                 Instant now, std::vector<Store::Write>& batch) {
  const Record record = MakeRecord(held);
  std::string encoded = EncodeRecord(record);
  PlatformUse::Note note;
  if (IsPlatformItem(KindOf(key))) {
    TRY_ASSIGN(note, UseOf(record.name).NoteStored(record.name, now));
    batch.insert(batch.end(), note.writes.begin(), note.writes.end());
  } else {
    TRY(PrunePast(record, now, batch));
    batch.push_back({PastEntry(record), encoded});
  }
  batch.push_back({ItemEntry(record.name), std::move(encoded)});
  return note;
}

// Makes room in the history for a version that comes: what is too old goes, and the oldest beyond the number. Too old is
// what was issued so long before it, or before now: no clock that is ahead empties a history.
Status Archive::PrunePast(const Record& next, Instant now, std::vector<Store::Write>& batch) {
  const std::string prefix = PastPrefix(next.name), coming = PastEntry(next);
  std::vector<std::string> entries;  // oldest first
  TRY(store_->Scan(prefix, [&](std::string_view entry, std::string_view) {
    if (entry != coming) entries.emplace_back(entry);
    return true;
  }));
  const size_t beyond =
      entries.size() < history_.max_versions ? 0 : entries.size() + 1 - history_.max_versions;
  for (size_t i = 0; i < entries.size(); ++i) {
    if (i < beyond || IssuedIn(entries[i]) < std::min(now, next.issued) - history_.max_age)
      batch.push_back({entries[i], std::nullopt});
  }
  return {};
}

Status Archive::SaveVersion(const CollateralKey& key, const CachedItem& held, Instant now) {
  std::vector<Store::Write> batch;
  TRY_ASSIGN(const PlatformUse::Note note, AppendVersion(key, held, now, batch));
  TRY(store_->Apply(batch));
  UseOf(held.item->name()).Stored(note);
  return {};
}

Status Archive::SaveVersions(const std::vector<Version>& versions, const std::vector<CachedItemPtr>& past,
                             Instant now, std::vector<Store::Write> beside) {
  std::vector<std::pair<PlatformUse*, PlatformUse::Note>> notes;
  for (const Version& version : versions) {
    TRY_ASSIGN(PlatformUse::Note note, AppendVersion(version.key, *version.held, now, beside));
    notes.emplace_back(&UseOf(version.held->item->name()), std::move(note));
  }
  // After the versions, whose own entries in the history they may be. What the history has already stays as it is.
  for (const CachedItemPtr& held : past) {
    const Record record = MakeRecord(*held);
    TRY_ASSIGN(const auto known, store_->Get(PastEntry(record)));
    if (!known) beside.push_back({PastEntry(record), EncodeRecord(record)});
  }
  if (beside.empty()) return {};
  TRY(store_->Apply(beside));
  for (const auto& [use, note] : notes) use->Stored(note);
  return {};
}

Status Archive::SaveCheck(const CachedItem& held) {
  const Record record = MakeRecord(held);
  return store_->Apply({{ItemEntry(record.name), EncodeRecord(record)}});
}

Status Archive::SavePast(const CachedItem& held) {
  const Record record = MakeRecord(held);
  return store_->Apply({{PastEntry(record), EncodeRecord(record)}});
}

void Archive::NoteUse(const std::string& name, Instant now) {
  ReportIfFailed(UseOf(name).NoteUse(name, now), name);
}

std::optional<std::string> Archive::Overflow() {
  for (PlatformUse* const use : {&lookup_use_, &platform_use_}) {
    auto name = use->Overflow();
    if (!name.ok()) {
      Report(CacheEvent::Kind::kStoreFailed, "", name.error());
    } else if (*name) {
      return std::move(name).value();
    }
  }
  return std::nullopt;
}

Status Archive::RemovePlatformItem(const std::string& name) {
  PlatformUse& use = UseOf(name);
  TRY_ASSIGN(auto batch, use.Removal(name));
  if (batch.empty()) return StoreError(StrCat("no use is noted of ", name));
  batch.push_back({ItemEntry(name), std::nullopt});
  TRY(store_->Apply(batch));
  use.Removed();
  return {};
}

bool Archive::Remove(const std::string& name) {
  const Status removed = RemovePlatformItem(name);
  ReportIfFailed(removed, name);
  return removed.ok();
}

}  // namespace thimble
