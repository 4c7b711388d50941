// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/journal_line.h"

#include <charconv>

#include "cache/registration_log.h"
#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr char kTab = '\t';  // in no name, and escaped in JSON
constexpr std::string_view kRemoved = "-";

std::optional<uint64_t> ParseNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

// The text up to the next tab, which is taken away with it.
std::string_view TakeField(std::string_view& rest) {
  const size_t tab = rest.find(kTab);
  const std::string_view field = rest.substr(0, tab);
  rest = tab == std::string_view::npos ? std::string_view() : rest.substr(tab + 1);
  return field;
}

}  // namespace

std::string JournalMark::ToString() const { return StrCat(generation, ".", number); }

std::optional<JournalMark> JournalMark::Parse(std::string_view text) {
  const size_t dot = text.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto generation = ParseNumber(text.substr(0, dot)), number = ParseNumber(text.substr(dot + 1));
  if (!generation || !number) return std::nullopt;
  return JournalMark{*generation, *number};
}

std::string EncodeJournalLine(const JournalLine& line) {
  std::string rest = line.mark.ToString();
  for (const Store::Write& change : line.changes) {
    rest += StrCat(kTab, change.name, kTab);
    rest += change.value ? std::string_view(*change.value) : kRemoved;
  }
  return StrCat(Sha256(AsBytes(rest)).hex(), kTab, rest, '\n');
}

std::optional<JournalLine> DecodeJournalLine(std::string_view text) {
  const std::string_view digest = TakeField(text);
  if (Sha256(AsBytes(text)).hex() != digest) return std::nullopt;
  const auto mark = JournalMark::Parse(TakeField(text));
  if (!mark) return std::nullopt;
  JournalLine line{*mark, {}};
  while (!text.empty()) {
    const std::string_view name = TakeField(text), value = TakeField(text);
    if (name.empty() || value.empty()) return std::nullopt;
    line.changes.push_back({std::string(name), {}});
    if (value != kRemoved) line.changes.back().value = value;
  }
  return line;
}

std::string_view PlatformIn(std::string_view name) {
  for (const std::string_view prefix : kRegistrationPrefixes) {
    if (!name.starts_with(prefix)) continue;
    const std::string_view rest = name.substr(prefix.size());
    return rest.substr(0, rest.find('/', rest.find('/') + 1));
  }
  return {};
}

}  // namespace thimble
