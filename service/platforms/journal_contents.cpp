// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/journal_contents.h"

#include <algorithm>
#include <filesystem>

#include "cache/registration_log.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kDigestDigits = 64;  // at the beginning of a line, and a tab

Error Unreadable(const std::string& path) {
  return {ErrorKind::kInternal, Check::kStoreIo, StrCat("cannot read ", path)};
}

}  // namespace

Result<JournalContents> JournalContents::Read(const std::string& path) {
  JournalContents contents;
  contents.path_ = path;
  std::error_code error;
  contents.there_ = std::filesystem::exists(path, error);
  if (error) return Unreadable(StrCat(path, ": ", error.message()));
  if (!contents.there_) return contents;
  contents.file_.open(path, std::ios::binary);
  if (!contents.file_) return Unreadable(path);
  std::string text;
  while (std::getline(contents.file_, text)) {
    if (contents.file_.eof()) {  // without a line feed
      contents.TakeEnd(text);
      break;
    }
    contents.TakeStretch(text, contents.size_);
    contents.size_ += text.size() + 1;
  }
  if (contents.file_.bad()) return Unreadable(path);
  contents.file_.clear();
  return contents;
}

// What was cut short was never acknowledged, unless it is a line whose line feed alone is damaged.
void JournalContents::TakeEnd(std::string_view text) {
  if (!text.empty() && TakeLine(text.substr(0, text.size() - 1), size_)) {
    ++damaged_;
    size_ += text.size();
  } else {
    torn_bytes_ = text.size();
  }
}

// A line, or two with a damaged line feed between them, or damage.
void JournalContents::TakeStretch(std::string_view text, uint64_t offset) {
  if (TakeLine(text, offset)) return;
  ++damaged_;
  for (size_t tab = text.find('\t'); tab != std::string_view::npos; tab = text.find('\t', tab + 1)) {
    if (tab <= kDigestDigits) continue;
    const size_t second = tab - kDigestDigits;
    if (!DecodeJournalLine(text.substr(second))) continue;
    if (!TakeLine(text.substr(0, second - 1), offset)) NoteDamage(text.substr(0, second - 1));
    if (TakeLine(text.substr(second), offset + second)) return;
  }
  NoteDamage(text);
}

// A flipped bit may have made a line feed of a digit: only one of the two parts begins like a line.
void JournalContents::NoteDamage(std::string_view text) {
  const bool begins = text.find('\t') == kDigestDigits;
  if (begins || damaged_at_end_ == 0) ++damaged_at_end_;
}

bool JournalContents::TakeLine(std::string_view text, uint64_t offset) {
  const auto line = DecodeJournalLine(text);
  const bool fits = line && (last_.generation == 0 || line->mark.generation == last_.generation) &&
                    line->mark.number > last_.number;
  if (!fits) return false;
  if (line->mark.number > last_.number + 1) gaps_.emplace_back(last_.number + 1, line->mark.number - 1);
  last_ = line->mark;
  damaged_at_end_ = 0;
  for (const Store::Write& change : line->changes) {
    Entry& entry = entries_[change.name];
    entry = {line->mark.number, offset, text.size(), std::nullopt};
    if (change.value) entry.value = Sha256(AsBytes(*change.value));
  }
  return true;
}

uint64_t JournalContents::MissingAfter(uint64_t number, uint64_t through) const {
  uint64_t missing = 0;
  for (const auto& [first, last] : gaps_) {
    if (last > number) missing += last - std::max(first, number + 1) + 1;
  }
  const uint64_t beyond = std::max(last_.number, number);
  const uint64_t certain = through > beyond ? through - beyond : 0;
  const uint64_t covered = number > last_.number ? number - last_.number : 0;  // damaged ones up to `number`
  const uint64_t seen = damaged_at_end_ > covered ? damaged_at_end_ - covered : 0;
  return missing + std::max(certain, seen);
}

Result<std::string> JournalContents::Value(const std::string& name, const Entry& entry) {
  std::string text(entry.length, '\0');
  file_.seekg(static_cast<std::streamoff>(entry.offset));
  file_.read(text.data(), static_cast<std::streamsize>(text.size()));
  const auto line = file_ ? DecodeJournalLine(text) : std::nullopt;
  file_.clear();
  if (!line) return Unreadable(path_);
  for (const Store::Write& change : line->changes) {
    if (change.name == name && change.value) return *change.value;
  }
  return Unreadable(path_);
}

std::map<std::string, std::vector<std::string>> JournalContents::KeptByPlatform() const {
  std::map<std::string, std::vector<std::string>> platforms;
  for (const auto& [name, entry] : entries_) {
    if (IsKept(name, entry)) platforms[std::string(PlatformIn(name))].push_back(name);
  }
  return platforms;
}

uint64_t JournalContents::KeptSize() const {
  std::map<uint64_t, uint64_t> lines;  // offset -> length: several entries may be in one
  for (const auto& [name, entry] : entries_) {
    if (IsKept(name, entry)) lines.emplace(entry.offset, entry.length + 1);
  }
  uint64_t size = 0;
  for (const auto& [offset, length] : lines) size += length;
  return size;
}

bool JournalContents::IsForgottenPlatform(const std::string& name, const Entry& entry) {
  return !entry.value && name.starts_with(kRegistrationPrefixes.front());
}
bool JournalContents::IsKept(const std::string& name, const Entry& entry) {
  return entry.value || IsForgottenPlatform(name, entry);
}

}  // namespace thimble
