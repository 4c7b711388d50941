// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floor_book.h"

#include <algorithm>
#include <functional>

#include "service/support/log.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kPrefix = "floors/";
constexpr uint64_t kLayout = 1;

std::string EntryOf(const amd::FloorDocument& document) {
  std::string number = std::to_string(document.number);
  number.insert(0, 10 - number.size(), '0');
  return StrCat(kPrefix, document.name, "/", number);
}

std::string Encode(const FloorVersion& version) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("layout").Unsigned(kLayout);
  json.Key("since").String(FormatRfc3339(version.since));
  json.Key("source").String(version.source);
  json.Key("signature").Hex(version.bytes.signature);
  json.Key("document").String(version.bytes.text);
  json.EndObject();
  return out;
}

Result<FloorVersion> Decode(std::string_view entry, std::string_view text) {
  TRY_ASSIGN(const auto parsed,
             json::Document::Parse(text, entry, ErrorKind::kInternal, Check::kStoreCorrupt));
  const json::Value root = parsed->root();
  FloorVersion out;
  TRY_ASSIGN(const json::Value layout, root.Get("layout"));
  TRY(layout.Unsigned(kLayout));  // a newer one is not read
  TRY_ASSIGN(out.since, root.GetTime("since"));
  TRY_ASSIGN(out.source, root.GetString("source"));
  TRY_ASSIGN(const std::string_view signature, root.GetString("signature"));
  TRY_ASSIGN(out.bytes.text, root.GetString("document"));
  auto bytes = FromHex(signature);
  if (!bytes)
    return Error{ErrorKind::kInternal, Check::kStoreCorrupt, StrCat(entry, ": signature is no hex")};
  out.bytes.signature = *std::move(bytes);
  TRY_ASSIGN(const amd::FloorDocument document, amd::ParseFloors(out.bytes.text));
  out.name = document.name;
  out.number = document.number;
  out.sha256 = document.sha256;
  return out;
}

}  // namespace

Result<std::unique_ptr<FloorBook>> FloorBook::Open(std::shared_ptr<Store> store, RecordFloors record) {
  std::unique_ptr<FloorBook> book(new FloorBook(std::move(store), std::move(record)));
  TRY(book->Load());
  return book;
}

Status FloorBook::Load() {
  Status bad;
  TRY(store_->Scan(kPrefix, [&](std::string_view entry, std::string_view text) {
    auto version = Decode(entry, text);
    // It tells which number was the highest: never silently forgotten.
    if (!version)
      bad = Error{ErrorKind::kInternal, Check::kStoreCorrupt, StrCat(entry, ": ", version.error().message)};
    if (version) versions_.push_back(std::move(version).value());
    return bad.ok();
  }));
  std::ranges::stable_sort(versions_, {}, &FloorVersion::since);
  return bad;
}

const FloorVersion* FloorBook::Highest(std::string_view name) const {
  const FloorVersion* highest = nullptr;
  for (const FloorVersion& version : versions_) {
    if (version.name == name && (highest == nullptr || version.number > highest->number)) highest = &version;
  }
  return highest;
}

Status FloorBook::CheckNumber(const amd::FloorDocument& document, std::string_view source) const {
  const FloorVersion* const highest = Highest(document.name);
  if (highest == nullptr || document.number > highest->number) return {};
  const auto refuse = [&](std::string_view why) {
    return Error{ErrorKind::kMalformed, Check::kCollateralRollback,
                 StrCat(source, ": ", document.name, " ", document.number, ", ", why)};
  };
  if (document.number < highest->number) return refuse(StrCat("and ", highest->number, " has been in force"));
  if (document.sha256 != highest->sha256) return refuse("another document of that number has been in force");
  return {};
}

const FloorVersion* FloorBook::Find(std::string_view name, uint32_t number) const {
  const auto found = std::ranges::find_if(versions_, [&](const FloorVersion& version) {
    return version.name == name && version.number == number;
  });
  return found != versions_.end() ? &*found : nullptr;
}

// Written down before it is in force, and again when its signature comes after it: of "signed", that alone is found.
Status FloorBook::Record(const FloorBytes& bytes, const amd::FloorDocument& document,
                         const std::string& source, Instant now, const Author& by) {
  Instant since = now;
  {
    const std::shared_lock lock(mutex_);
    if (const FloorVersion* const known = Find(document.name, document.number)) {
      if (!known->bytes.signature.empty() || bytes.signature.empty()) return {};
      since = known->since;
    }
  }
  if (record_) TRY(record_({document.name, document.number, document.sha256, source, by}));
  FloorVersion version{bytes, document.name, document.number, document.sha256, since, source};
  TRY(store_->Apply({{EntryOf(document), Encode(version)}}));
  LogInfo("floors taken", {{"name", document.name},
                           {"number", std::to_string(document.number)},
                           {"sha256", document.sha256.hex()},
                           {"source", source},
                           {"by", by.name()}});
  const std::unique_lock lock(mutex_);
  std::erase_if(versions_, [&](const FloorVersion& known) {
    return known.name == version.name && known.number == version.number;
  });
  versions_.push_back(std::move(version));
  std::ranges::stable_sort(versions_, {}, &FloorVersion::since);
  return {};
}

// Of the documents that were signed, the one with the highest number that still holds under the key: whatever the clock
// said when each of them came. Under one key they are of one name (Take).
Result<amd::FloorsPtr> FloorBook::Newest(const std::string& setting, const FloorRules& rules) const {
  if (setting != kSignedFloorsName) return LoadFloors(setting, rules);
  const std::shared_lock lock(mutex_);
  std::vector<const FloorVersion*> signed_ones;
  for (const FloorVersion& version : versions_) {
    if (!version.bytes.signature.empty()) signed_ones.push_back(&version);
  }
  std::ranges::stable_sort(signed_ones, std::greater(), &FloorVersion::number);
  for (const FloorVersion* version : signed_ones) {
    auto checked = rules.Check(version->bytes, version->source, true);
    if (checked) return checked;
  }
  return Error{ErrorKind::kUnavailable, Check::kCollateralMissing,
               "\"signed\": no floors have been taken under floors.key yet"};
}

// With its number checked, and written down. Of an older binary than the one before, what that had stays in force.
Result<amd::FloorsPtr> FloorBook::Admit(const std::string& setting, const FloorRules& rules,
                                        amd::FloorsPtr floors, Instant now) {
  if (!floors || setting == kSignedFloorsName) return floors;
  const Status number = CheckNumber(*floors, setting);
  if (number) {
    TRY_ASSIGN(const FloorBytes bytes, ReadFloorBytes(setting));
    if (Sha256(AsBytes(bytes.text)) != floors->sha256) {
      return Error{ErrorKind::kUnavailable, Check::kPolicyFormat,
                   StrCat(setting, ": changed while it was read; reload again")};
    }
    TRY(Record(bytes, *floors, setting, now, "configuration"));
    return floors;
  }
  if (setting != kBuiltinFloorsName) return number.error();
  LogWarning("older floors ignored", {}, StrCat(number.error().message, "; the newer ones stay in force"));
  const FloorVersion* const highest = Highest(floors->name);
  return rules.Check(highest->bytes, highest->source, false);
}

Status FloorBook::Configure(const Baselines& baselines, const ConfiguredPolicies& policies,
                            const FloorsConfig& config, Instant now) {
  const std::lock_guard changing(changing_);
  TRY_ASSIGN(FloorRules rules, FloorRules::Read(config));
  std::map<std::string, amd::FloorsPtr> next;
  for (const auto& [name, baseline] : baselines) {
    auto floors = Newest(baseline.amd, rules);
    if (!floors && baseline.amd == kSignedFloorsName && rules.key) continue;  // one may yet come
    TRY(floors);
    if (*floors) TRY(CheckLevels(**floors, policies));
    next[baseline.amd] = *floors;
  }
  for (auto& [setting, floors] : next) {
    TRY_ASSIGN(floors, Admit(setting, rules, floors, now));
  }
  const std::unique_lock lock(mutex_);
  rules_ = std::move(rules);
  in_force_ = std::move(next);
  return {};
}

// The number never falls within a name. Another name under the same key would be a way around that.
Status FloorBook::CheckName(const amd::FloorDocument& document, std::string_view source) const {
  const auto in_force = Newest(std::string(kSignedFloorsName), rules_);
  if (!in_force || (*in_force)->name == document.name) return {};
  return Error{ErrorKind::kMalformed, Check::kCollateralRollback,
               StrCat(source, ": ", document.name, " ", document.number, ", and under floors.key ",
                      (*in_force)->Title(), " is in force: a document of another name needs another key")};
}

Result<amd::FloorsPtr> FloorBook::Take(const FloorBytes& bytes, const std::string& source, Instant now,
                                       const Author& by) {
  const std::lock_guard changing(changing_);
  TRY_ASSIGN(const amd::FloorsPtr floors, rules_.Check(bytes, source, true));
  TRY(CheckNumber(*floors, source));
  TRY(CheckName(*floors, source));
  TRY(Record(bytes, *floors, source, now, by));
  const std::unique_lock lock(mutex_);
  in_force_[std::string(kSignedFloorsName)] = floors;
  return floors;
}

Result<std::string> FloorBook::SettingOf(std::string_view amd) const {
  const std::shared_lock lock(mutex_);
  return FloorSettingOf(amd, rules_.directory);
}

Result<amd::FloorsPtr> FloorBook::Try(const std::string& setting) const {
  const FloorRules rules = [this] {
    const std::shared_lock lock(mutex_);
    return rules_;
  }();
  return Newest(setting, rules);
}

Result<amd::FloorsPtr> FloorBook::TryText(std::string_view text) const {
  const FloorRules rules = [this] {
    const std::shared_lock lock(mutex_);
    return rules_;
  }();
  return rules.Check({std::string(text), {}}, "floors", false);
}

std::vector<amd::FloorsPtr> FloorBook::InForce() const {
  std::vector<amd::FloorsPtr> out;
  const std::shared_lock lock(mutex_);
  for (const auto& [setting, floors] : in_force_) {
    if (floors && std::ranges::find(out, floors) == out.end()) out.push_back(floors);
  }
  return out;
}

Result<amd::FloorsPtr> FloorBook::ReadWhenAsked(const std::string& setting, Instant now) {
  const std::lock_guard changing(changing_);
  TRY_ASSIGN(amd::FloorsPtr floors, Newest(setting, rules_));
  TRY_ASSIGN(floors, Admit(setting, rules_, floors, now));
  const std::unique_lock lock(mutex_);
  in_force_[setting] = floors;
  return floors;
}

Result<amd::FloorsPtr> FloorBook::Get(const std::string& setting, const std::optional<Instant>& at,
                                      Instant now) {
  std::optional<amd::FloorsPtr> held;
  {
    const std::shared_lock lock(mutex_);
    const auto found = in_force_.find(setting);
    if (found != in_force_.end()) held = found->second;
  }
  if (!held) {
    TRY_ASSIGN(held, ReadWhenAsked(setting, now));
  }
  const amd::FloorsPtr& today = *held;
  if (!at || !today) return today;
  const std::shared_lock lock(mutex_);
  const FloorVersion* then = nullptr;
  for (const FloorVersion& version : versions_) {
    if (version.name == today->name && version.since <= *at) then = &version;
  }
  // None that old: today's, which leaves out what was published later.
  if (then == nullptr || then->sha256 == today->sha256) return today;
  return rules_.Check(then->bytes, then->source, false);
}

std::vector<FloorVersion> FloorBook::History() const {
  const std::shared_lock lock(mutex_);
  return {versions_.rbegin(), versions_.rend()};
}

}  // namespace thimble
