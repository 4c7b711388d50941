// SPDX-License-Identifier: Apache-2.0
//
// The registry of several replicas: one writer wins, and what others wrote is taken over.
#include <algorithm>
#include <charconv>
#include <utility>

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

// One look at all that is new, page by page: whoever edits in between finds every page done or not begun.
struct PlatformRegistry::Pulling {
  std::optional<Mark> begun;  // how far this copy had come
  Mark mark;
  bool other = false;     // a database that is seen for the first time, or was put back
  bool put_back = false;  // likewise
  std::set<std::string> known;
  std::optional<std::vector<Store::Write>> own;  // what it is to be given, once all of it was read
  size_t given = 0;                              // of these
  size_t changes = 0;                            // here or there
  bool done = false;
};

Result<size_t> PlatformRegistry::Pull() {
  if (shared_ == nullptr) return 0u;
  Pulling pulling;
  while (!pulling.done) {
    const std::lock_guard lock(editing_);
    TRY(Page(pulling));
  }
  return pulling.changes;
}

Result<size_t> PlatformRegistry::PullLocked() {
  Pulling pulling;
  while (!pulling.done) TRY(Page(pulling));
  return pulling.changes;
}

// Another was faster. Where none was, this copy is not what it takes itself for, and all is compared, once.
Status PlatformRegistry::CatchUp(bool& anew) {
  TRY_ASSIGN(const size_t changes, PullLocked());
  if (changes != 0 || std::exchange(anew, true)) return {};
  TRY(store_->Apply({{std::string(kMarkName), std::nullopt}}));
  TRY(PullLocked());
  return {};
}

// What is written here alone the others do not hear of: whoever has replicas again begins anew.
Status PlatformRegistry::AddParting(std::vector<Store::Write>& writes) {
  if (shared_ != nullptr) return {};
  TRY_ASSIGN(const auto mark, store_->Get(kMarkName));
  if (mark) writes.push_back({std::string(kMarkName), std::nullopt});
  return {};
}

Status PlatformRegistry::Page(Pulling& pulling) {
  if (pulling.own) return GivePage(pulling);
  if (!pulling.begun) {
    TRY_ASSIGN(const auto text, store_->Get(kMarkName));
    pulling.begun = pulling.mark = ParseMark(text);
  }
  Mark& mark = pulling.mark;
  TRY_ASSIGN(const SharedChanges changes, shared_->ChangesAfter(mark.database, mark.number));
  pulling.other = pulling.other || changes.anew;
  pulling.put_back = pulling.put_back || changes.put_back;
  if (pulling.other) {
    for (const Store::Write& write : changes.writes) pulling.known.insert(write.name);
  }
  TRY(TakeOver(changes, pulling));
  mark = {changes.database, changes.last};
  // What is held already counts once everything has been taken over and given: else it begins anew.
  if (!pulling.other && !changes.writes.empty()) TRY(store_->Apply({ToWrite(mark.database, mark.number)}));
  if (changes.more) return {};
  if (pulling.other) return ListOwn(pulling);
  pulling.done = true;
  return {};
}

// A row of a database that was put back, and that this copy has seen, is not newer than what is here: that is given.
Result<bool> PlatformRegistry::KeptHere(const Store::Write& row, int64_t number,
                                        const std::optional<std::string>& held, Pulling& pulling) {
  if (!pulling.put_back || number > pulling.begun->number || !held) return false;
  auto own = SharedForm(row.name, held);
  if (own == row.value) return true;
  TRY_ASSIGN(const bool given,
             shared_->ApplyIf({{row.name, Store::VersionOf(row.value)}}, {{row.name, std::move(own)}}));
  pulling.changes += given ? 1 : 0;
  return true;
}

// Rows are nobody's word: what is no entry of the registry is left out. The journal has the others, too: they are
// registrations like those that came here.
Status PlatformRegistry::TakeOver(const SharedChanges& changes, Pulling& pulling) {
  std::map<std::string, std::optional<std::string>> differ;
  for (size_t i = 0; i < changes.writes.size(); ++i) {
    const Store::Write& row = changes.writes[i];
    const bool named = std::ranges::any_of(
        kRegistrationPrefixes, [&](std::string_view prefix) { return row.name.starts_with(prefix); });
    if (!named || (row.value && !IsRegistryEntry(row.name, *row.value))) {
      ++left_out_;
      continue;
    }
    TRY_ASSIGN(const auto held, store_->Get(row.name));
    TRY_ASSIGN(const bool kept, KeptHere(row, changes.numbers.at(i), held, pulling));
    if (kept) continue;
    auto next = LocalForm(row.name, SharedForm(row.name, row.value), held);
    if (next != held) differ.insert_or_assign(row.name, std::move(next));
  }
  std::vector<Store::Write> writes;
  for (auto& [name, value] : differ) writes.push_back({name, std::move(value)});
  if (writes.empty()) return {};
  pulling.changes += writes.size();
  return Write(std::move(writes),
               [this](const std::vector<Store::Write>& batch) { return store_->Apply(batch); });
}

// What registered here while there was no database, or another. What that has under the same name holds.
Status PlatformRegistry::ListOwn(Pulling& pulling) {
  auto& own = pulling.own.emplace();
  for (const std::string_view prefix : kRegistrationPrefixes) {
    TRY(store_->Scan(prefix, [&](std::string_view name, std::string_view value) {
      if (!pulling.known.contains(std::string(name))) own.push_back({std::string(name), std::string(value)});
      return true;
    }));
  }
  return {};
}

Status PlatformRegistry::GivePage(Pulling& pulling) {
  constexpr size_t kAtOnce = 50;
  const auto& own = *pulling.own;
  const size_t end = std::min(own.size(), pulling.given + kAtOnce);
  for (; pulling.given < end; ++pulling.given) {
    const Store::Write& write = own[pulling.given];
    // An edit may have come in between.
    TRY_ASSIGN(const auto held, store_->Get(write.name));
    if (!held) continue;
    TRY_ASSIGN(const bool first,
               shared_->ApplyIf({{write.name, std::nullopt}}, {{write.name, SharedForm(write.name, held)}}));
    pulling.changes += first ? 1 : 0;
  }
  if (pulling.given < own.size()) return {};
  TRY(store_->Apply({ToWrite(pulling.mark.database, pulling.mark.number)}));
  pulling.done = true;
  return {};
}

}  // namespace thimble
