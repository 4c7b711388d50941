// SPDX-License-Identifier: Apache-2.0
//
// The registry of several replicas: one writer wins, and what others wrote is taken over.
#include <charconv>

#include "cache/platform_registry.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr std::string_view kMarkName =
    "meta/shared-registry";  // "DATABASE NUMBER": how far this copy has come
constexpr std::string_view kPlatformPrefix = kRegistrationPrefixes[0];

struct Mark {
  std::string database;
  int64_t number = 0;
};

Mark ParseMark(const std::optional<std::string>& text) {
  if (!text) return {};
  const size_t space = std::min(text->find(' '), text->size());
  Mark mark{text->substr(0, space), 0};
  const std::string number = text->substr(std::min(space + 1, text->size()));
  const auto parsed = std::from_chars(number.data(), number.data() + number.size(), mark.number);
  return parsed.ec == std::errc() ? mark : Mark{};
}

Store::Write ToWrite(const std::string& database, int64_t number) {
  return {std::string(kMarkName), StrCat(database, " ", number)};
}

// What another replica wrote, as it lies here: with the levels that the certificates here were fetched for.
std::optional<std::string> LocalForm(const std::string& name, const std::optional<std::string>& shared,
                                     const std::optional<std::string>& held) {
  if (!shared || !held || !name.starts_with(kPlatformPrefix)) return shared;
  auto next = DecodePlatform(*shared);
  const auto before = DecodePlatform(*held);
  if (!next.ok() || !before.ok() || next->bound != before->bound) return shared;
  next->levels = before->levels;
  return EncodePlatform(*next);
}

}  // namespace

std::optional<std::string> SharedForm(const std::string& name, const std::optional<std::string>& value) {
  if (!value || !name.starts_with(kPlatformPrefix)) return value;
  auto platform = DecodePlatform(*value);
  if (!platform.ok() || !platform->levels) return value;
  platform->levels.reset();
  return EncodePlatform(*platform);
}

// Whether the others may see it now: what it rests on is still so, and what it changes of the shared is written. What
// changes nothing of theirs needs nobody.
Result<bool> PlatformRegistry::Agree(const RegistryEdit& edit) {
  if (shared_ == nullptr) return true;
  std::vector<Store::Write> writes;
  for (const auto& [name, value] : edit.changes_) {
    TRY_ASSIGN(const auto before, store_->Get(name));
    auto shared = SharedForm(name, value);
    if (shared != SharedForm(name, before)) writes.push_back({name, std::move(shared)});
  }
  if (writes.empty()) return true;
  std::vector<Store::Expectation> expected;
  for (const auto& [name, value] : edit.read_)
    expected.push_back({name, Store::VersionOf(SharedForm(name, value))});
  for (const Store::Write& write : writes) {
    if (edit.read_.contains(write.name)) continue;
    TRY_ASSIGN(const auto before, store_->Get(write.name));
    expected.push_back({write.name, Store::VersionOf(SharedForm(write.name, before))});
  }
  return shared_->ApplyIf(expected, writes);
}

Result<size_t> PlatformRegistry::Pull() {
  if (shared_ == nullptr) return 0u;
  const std::lock_guard lock(editing_);
  return PullLocked();
}

Result<size_t> PlatformRegistry::PullLocked() {
  TRY_ASSIGN(const auto text, store_->Get(kMarkName));
  Mark mark = ParseMark(text);
  std::set<std::string> known;
  bool other = false;  // a database that is seen for the first time, or was put back
  size_t taken = 0;
  for (bool more = true; more;) {
    TRY_ASSIGN(const SharedChanges changes, shared_->ChangesAfter(mark.database, mark.number));
    other = other || changes.anew;
    if (other) {
      for (const Store::Write& write : changes.writes) known.insert(write.name);
    }
    TRY_ASSIGN(const size_t entries, TakeOver(changes));
    taken += entries;
    mark = {changes.database, changes.last};
    more = changes.more;
    // What is held already counts once everything has been taken over and given: else it begins anew.
    if (!other && !changes.writes.empty()) TRY(store_->Apply({ToWrite(mark.database, mark.number)}));
  }
  if (!other) return taken;
  TRY_ASSIGN(const size_t given, Give(known));
  TRY(store_->Apply({ToWrite(mark.database, mark.number)}));
  return taken + given;
}

// The journal has it too: it is a registration like those that came here.
Result<size_t> PlatformRegistry::TakeOver(const SharedChanges& changes) {
  std::map<std::string, std::optional<std::string>> differ;
  for (const Store::Write& write : changes.writes) {
    TRY_ASSIGN(const auto held, store_->Get(write.name));
    auto next = LocalForm(write.name, write.value, held);
    if (next != held) differ.insert_or_assign(write.name, std::move(next));
  }
  std::vector<Store::Write> writes;
  for (auto& [name, value] : differ) writes.push_back({name, std::move(value)});
  const size_t count = writes.size();
  if (count == 0) return 0u;
  TRY(Write(std::move(writes),
            [this](const std::vector<Store::Write>& batch) { return store_->Apply(batch); }));
  return count;
}

// What registered here while there was no database, or another. What that has under the same name holds.
Result<size_t> PlatformRegistry::Give(const std::set<std::string>& known) {
  std::vector<Store::Write> own;
  for (const std::string_view prefix : kRegistrationPrefixes) {
    TRY(store_->Scan(prefix, [&](std::string_view name, std::string_view value) {
      if (!known.contains(std::string(name))) own.push_back({std::string(name), std::string(value)});
      return true;
    }));
  }
  size_t given = 0;
  for (const Store::Write& write : own) {
    const Store::Write shared{write.name, SharedForm(write.name, write.value)};
    TRY_ASSIGN(const bool first, shared_->ApplyIf({{write.name, std::nullopt}}, {shared}));
    given += first ? 1 : 0;
  }
  return given;
}

}  // namespace thimble
