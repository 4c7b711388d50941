// SPDX-License-Identifier: Apache-2.0
#include "service/support/time_text.h"

#include "tcb/base/text.h"

namespace thimble {
namespace {

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// "Z", "+01:00", "-05:30": how far the local time is before UTC.
std::optional<Seconds> ParseOffset(std::string_view text) {
  if (text == "Z" || text == "z") return Seconds(0);
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  for (const size_t i : {1, 2, 4, 5}) {
    if (!IsDigit(text[i])) return std::nullopt;
  }
  const int hours = (text[1] - '0') * 10 + (text[2] - '0'), minutes = (text[4] - '0') * 10 + (text[5] - '0');
  if (hours > 23 || minutes > 59) return std::nullopt;
  const Seconds offset(hours * 3600 + minutes * 60);
  return text[0] == '+' ? offset : -offset;
}

// Without ".123" at its begin; nullopt: a point without digits.
std::optional<std::string_view> AfterFraction(std::string_view text) {
  if (!text.starts_with('.')) return text;
  size_t end = 1;
  while (end < text.size() && IsDigit(text[end])) ++end;
  if (end == 1) return std::nullopt;
  return text.substr(end);
}

}  // namespace

std::optional<Instant> ParseTimeText(std::string_view text) {
  constexpr size_t kDate = 10, kTime = 19;  // "2026-01-31", "2026-01-31T12:00:00"
  if (text.size() == kDate) return ParseRfc3339(StrCat(text, "T00:00:00Z"));
  if (text.size() <= kTime || (text[kDate] != 'T' && text[kDate] != 't')) return std::nullopt;
  const auto local =
      ParseRfc3339(StrCat(text.substr(0, kDate), "T", text.substr(kDate + 1, kTime - kDate - 1), "Z"));
  const auto rest = AfterFraction(text.substr(kTime));
  const auto offset = rest ? ParseOffset(*rest) : std::nullopt;
  if (!local || !offset) return std::nullopt;
  return *local - *offset;
}

}  // namespace thimble
