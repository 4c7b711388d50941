// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/time.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"

namespace thimble {
namespace {

using std::chrono::day;
using std::chrono::month;
using std::chrono::sys_days;
using std::chrono::year;
using std::chrono::year_month_day;

// Exactly `count` digits at `*pos`, which moves past them; -1 when they are not digits.
int Digits(std::string_view text, size_t* pos, size_t count) {
  if (text.size() < *pos + count) return -1;
  int value = 0;
  for (size_t i = 0; i < count; ++i) {
    const char c = text[(*pos)++];
    if (c < '0' || c > '9') return -1;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool Literal(std::string_view text, size_t* pos, std::string_view literal) {
  if (text.substr(std::min(*pos, text.size()), literal.size()) != literal) return false;
  *pos += literal.size();
  return true;
}

std::optional<Instant> FromFields(int y, int mo, int d, int h, int mi, int s) {
  if (y < 1970 || y > 9999 || mo < 0 || d < 0 || h < 0 || h > 23 || mi < 0 || mi > 59 || s < 0 || s > 59) {
    return std::nullopt;
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(mo)), day(static_cast<unsigned>(d))};
  if (!date.ok()) return std::nullopt;
  return sys_days(date) + std::chrono::hours(h) + std::chrono::minutes(mi) + Seconds(s);
}

// MMDDHHMMSSZ, to the end of the text.
std::optional<Instant> CompactRest(std::string_view text, size_t pos, int y) {
  const int mo = Digits(text, &pos, 2), d = Digits(text, &pos, 2);
  const int h = Digits(text, &pos, 2), mi = Digits(text, &pos, 2), s = Digits(text, &pos, 2);
  if (!Literal(text, &pos, "Z") || pos != text.size()) return std::nullopt;
  return FromFields(y, mo, d, h, mi, s);
}

constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};

struct Fields {
  year_month_day date;
  std::chrono::hh_mm_ss<Seconds> time;
  std::chrono::weekday weekday;
};
Fields Split(Instant at) {
  const auto days = std::chrono::floor<std::chrono::days>(at);
  return {year_month_day(days), std::chrono::hh_mm_ss<Seconds>(at - days), std::chrono::weekday(days)};
}

void AppendTwoDigits(std::string& out, unsigned value) {
  out += static_cast<char>('0' + value / 10 % 10);
  out += static_cast<char>('0' + value % 10);
}

// Four digits at least; an Instant may lie beyond the years that have four.
void AppendYear(std::string& out, const Fields& fields) {
  const int year = static_cast<int>(fields.date.year());
  if (year < 0) out += '-';
  const std::string digits = std::to_string(year < 0 ? -year : year);
  out.append(digits.size() < 4 ? 4 - digits.size() : 0, '0');
  out += digits;
}

void AppendTimeOfDay(std::string& out, const Fields& fields) {
  AppendTwoDigits(out, static_cast<unsigned>(fields.time.hours().count()));
  out += ':';
  AppendTwoDigits(out, static_cast<unsigned>(fields.time.minutes().count()));
  out += ':';
  AppendTwoDigits(out, static_cast<unsigned>(fields.time.seconds().count()));
}

struct Unit {
  char letter;
  int64_t seconds;
};
constexpr std::array<Unit, 4> kUnits = {{{'d', 86400}, {'h', 3600}, {'m', 60}, {'s', 1}}};

}  // namespace

Validity Intersect(const Validity& a, const Validity& b) {
  return {std::max(a.not_before, b.not_before), std::min(a.not_after, b.not_after)};
}

std::optional<Instant> ParseRfc3339(std::string_view text) {
  size_t pos = 0;
  const int y = Digits(text, &pos, 4);
  if (!Literal(text, &pos, "-")) return std::nullopt;
  const int mo = Digits(text, &pos, 2);
  if (!Literal(text, &pos, "-")) return std::nullopt;
  const int d = Digits(text, &pos, 2);
  if (!Literal(text, &pos, "T")) return std::nullopt;
  const int h = Digits(text, &pos, 2);
  if (!Literal(text, &pos, ":")) return std::nullopt;
  const int mi = Digits(text, &pos, 2);
  if (!Literal(text, &pos, ":")) return std::nullopt;
  const int s = Digits(text, &pos, 2);
  if (!Literal(text, &pos, "Z") || pos != text.size()) return std::nullopt;
  return FromFields(y, mo, d, h, mi, s);
}

std::string FormatRfc3339(Instant at) {
  const Fields f = Split(at);
  std::string out;
  AppendYear(out, f);
  out += '-';
  AppendTwoDigits(out, static_cast<unsigned>(f.date.month()));
  out += '-';
  AppendTwoDigits(out, static_cast<unsigned>(f.date.day()));
  out += 'T';
  AppendTimeOfDay(out, f);
  out += 'Z';
  return out;
}

std::optional<Instant> ParseHttpDate(std::string_view text) {
  size_t pos = 0;
  const auto day_name =
      std::find_if(kDays.begin(), kDays.end(), [&](auto name) { return text.starts_with(name); });
  if (day_name == kDays.end()) return std::nullopt;
  pos = 3;
  if (!Literal(text, &pos, ", ")) return std::nullopt;
  const int d = Digits(text, &pos, 2);
  if (!Literal(text, &pos, " ")) return std::nullopt;
  const auto month_name =
      std::find(kMonths.begin(), kMonths.end(), text.substr(std::min(pos, text.size()), 3));
  if (month_name == kMonths.end()) return std::nullopt;
  pos += 3;
  if (!Literal(text, &pos, " ")) return std::nullopt;
  const int y = Digits(text, &pos, 4);
  if (!Literal(text, &pos, " ")) return std::nullopt;
  const int h = Digits(text, &pos, 2);
  if (!Literal(text, &pos, ":")) return std::nullopt;
  const int mi = Digits(text, &pos, 2);
  if (!Literal(text, &pos, ":")) return std::nullopt;
  const int s = Digits(text, &pos, 2);
  if (!Literal(text, &pos, " GMT") || pos != text.size()) return std::nullopt;
  const auto at = FromFields(y, static_cast<int>(month_name - kMonths.begin()) + 1, d, h, mi, s);
  // A date on another day of the week is two dates.
  if (at && kDays.at(Split(*at).weekday.c_encoding()) != *day_name) return std::nullopt;
  return at;
}

std::string FormatHttpDate(Instant at) {
  const Fields f = Split(at);
  std::string out(kDays.at(f.weekday.c_encoding()));
  out += ", ";
  AppendTwoDigits(out, static_cast<unsigned>(f.date.day()));
  out += ' ';
  out += kMonths.at(static_cast<unsigned>(f.date.month()) - 1);
  out += ' ';
  AppendYear(out, f);
  out += ' ';
  AppendTimeOfDay(out, f);
  out += " GMT";
  return out;
}

std::optional<Instant> ParseUtcTime(std::string_view text) {
  size_t pos = 0;
  const int yy = Digits(text, &pos, 2);
  if (yy < 0) return std::nullopt;
  return CompactRest(text, pos, yy >= 50 ? 1900 + yy : 2000 + yy);
}

std::optional<Instant> ParseGeneralizedTime(std::string_view text) {
  size_t pos = 0;
  const int y = Digits(text, &pos, 4);
  if (y < 0) return std::nullopt;
  return CompactRest(text, pos, y);
}

std::optional<Seconds> ParseDuration(std::string_view text) {
  if (text.size() < 2 || text.size() > 11) return std::nullopt;
  const auto unit =
      std::find_if(kUnits.begin(), kUnits.end(), [&](Unit u) { return u.letter == text.back(); });
  size_t pos = 0;
  const int count = text.size() - 1 <= 9 ? Digits(text, &pos, text.size() - 1) : -1;
  if (unit == kUnits.end() || count < 0) return std::nullopt;
  const int64_t seconds = count * unit->seconds;
  constexpr int64_t kHundredYears = int64_t{36525} * 86400;
  if (seconds > kHundredYears) return std::nullopt;
  return Seconds(seconds);
}

std::string FormatDuration(Seconds duration) {
  for (const Unit& unit : kUnits) {
    if (duration.count() % unit.seconds == 0 && (duration.count() != 0 || unit.letter == 's')) {
      return StrCat(duration.count() / unit.seconds, unit.letter);
    }
  }
  return StrCat(duration.count(), 's');
}

}  // namespace thimble
