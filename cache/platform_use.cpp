// SPDX-License-Identifier: Apache-2.0
#include "cache/platform_use.h"

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

std::string TimeText(Instant at) {
  return TwentyDigits(static_cast<uint64_t>(at.time_since_epoch().count()));
}

}  // namespace

std::string PlatformUse::UsedName(std::string_view time, std::string_view name) const {
  return StrCat(used_, time, "/", name);
}
std::string PlatformUse::LastName(std::string_view name) const { return StrCat(last_, name); }

Status PlatformUse::CountItems() {
  size_t count = 0;
  TRY(store_->Scan(last_, [&count](std::string_view, std::string_view) {
    ++count;
    return true;
  }));
  items_ = count;
  return {};
}

Result<std::optional<std::string>> PlatformUse::LastUse(const std::string& name) {
  return store_->Get(LastName(name));
}

Result<PlatformUse::Note> PlatformUse::NoteStored(const std::string& name, Instant now) {
  TRY_ASSIGN(const auto last, LastUse(name));
  Note note;
  note.is_new = !last.has_value();
  if (last) note.writes.push_back({UsedName(*last, name), std::nullopt});
  note.writes.push_back({UsedName(TimeText(now), name), ""});
  note.writes.push_back({LastName(name), TimeText(now)});
  return note;
}

Status PlatformUse::NoteUse(const std::string& name, Instant now) {
  TRY_ASSIGN(const Note note, NoteStored(name, now));
  return note.is_new ? Status() : store_->Apply(note.writes);
}

Result<std::optional<std::string>> PlatformUse::Overflow() {
  std::optional<std::string> oldest;
  if (items_ <= max_items_) return oldest;
  TRY(store_->Scan(used_, [&](std::string_view entry, std::string_view) {
    oldest = entry.substr(used_.size() + kTwentyDigits + 1);
    return false;
  }));
  return oldest;
}

Result<std::vector<Store::Write>> PlatformUse::Removal(const std::string& name) {
  TRY_ASSIGN(const auto last, LastUse(name));
  std::vector<Store::Write> writes;
  if (last) writes = {{UsedName(*last, name), std::nullopt}, {LastName(name), std::nullopt}};
  return writes;
}

}  // namespace thimble
