// SPDX-License-Identifier: Apache-2.0
//
// The five text forms of time: what is taken, and a longer list of what is not.
#include "tcb/base/time.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <vector>

namespace thimble {
namespace {

using namespace std::chrono_literals;
using namespace std::string_literals;
using std::chrono::sys_days;
using std::chrono::year;

Instant At(int y, unsigned m, unsigned d, Seconds time = 0s) {
  return sys_days(year(y) / static_cast<int>(m) / static_cast<int>(d)) + time;
}

template <class Parse>
void ExpectAllRefused(Parse parse, const std::vector<std::string>& bad) {
  for (const std::string& text : bad) EXPECT_EQ(parse(text), std::nullopt) << "\"" << text << "\"";
}

TEST(Rfc3339, IsReadAndWritten) {
  const std::pair<const char*, Instant> good[] = {
      {"1970-01-01T00:00:00Z", At(1970, 1, 1)},
      {"2026-06-01T12:34:56Z", At(2026, 6, 1, 12h + 34min + 56s)},
      {"2024-02-29T23:59:59Z", At(2024, 2, 29, 23h + 59min + 59s)},
      {"2000-02-29T00:00:00Z", At(2000, 2, 29)},
      {"2038-01-19T03:14:08Z", At(2038, 1, 19, 3h + 14min + 8s)},
      {"9999-12-31T23:59:59Z", At(9999, 12, 31, 23h + 59min + 59s)},
  };
  for (const auto& [text, instant] : good) {
    EXPECT_EQ(ParseRfc3339(text), instant) << text;
    EXPECT_EQ(FormatRfc3339(instant), text);
  }
}

TEST(Rfc3339, RefusesEveryOtherShapeAndEveryDateThatIsNone) {
  ExpectAllRefused(ParseRfc3339, {"",
                                  "Z",
                                  "2026-06-01",
                                  "2026-06-01T12:34:56",        // no zone
                                  "2026-06-01T12:34:56z",       // lower case
                                  "2026-06-01t12:34:56Z",       //
                                  "2026-06-01 12:34:56Z",       //
                                  "2026-06-01T12:34:56+00:00",  // an offset, even of zero
                                  "2026-06-01T12:34:56.0Z",     // a fraction, even of zero
                                  "2026-06-01T12:34Z",          //
                                  "2026-6-1T12:34:56Z",         //
                                  "26-06-01T12:34:56Z",         //
                                  "02026-06-01T12:34:56Z",      //
                                  "+2026-06-01T12:34:56Z",      //
                                  "-026-06-01T12:34:56Z",       //
                                  " 2026-06-01T12:34:56Z",      //
                                  "2026-06-01T12:34:56Z ",      //
                                  "2026-06-01T12:34:56ZZ",      //
                                  "2026/06/01T12:34:56Z",       //
                                  "2026-06-01T12.34.56Z",       //
                                  "2026-0a-01T12:34:56Z",       //
                                  "2026-13-01T12:34:56Z",       // no such month
                                  "2026-00-01T12:34:56Z",       //
                                  "2026-06-00T12:34:56Z",       // no such day
                                  "2026-06-31T12:34:56Z",       //
                                  "2026-02-29T12:34:56Z",       // no leap year
                                  "2100-02-29T12:34:56Z",       //
                                  "2026-06-01T24:00:00Z",       // no such time
                                  "2026-06-01T12:60:00Z",       //
                                  "2026-06-01T12:34:60Z",       // leap seconds are not counted
                                  "1969-12-31T23:59:59Z",       // before the epoch
                                  "0000-01-01T00:00:00Z",       //
                                  "2026-06-01T12:34:5\0Z"s});
}

TEST(HttpDate, IsReadAndWritten) {
  const std::string text = "Sun, 06 Nov 1994 08:49:37 GMT";
  const Instant instant = At(1994, 11, 6, 8h + 49min + 37s);
  EXPECT_EQ(ParseHttpDate(text), instant);
  EXPECT_EQ(FormatHttpDate(instant), text);
  EXPECT_EQ(FormatHttpDate(At(1970, 1, 1)), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(ParseHttpDate(FormatHttpDate(At(2026, 12, 31, 23h))), At(2026, 12, 31, 23h));
}

TEST(HttpDate, EveryMonthAndDayOfTheWeekComesBack) {
  for (unsigned month = 1; month <= 12; ++month) {
    const Instant instant = At(2026, month, month);
    EXPECT_EQ(ParseHttpDate(FormatHttpDate(instant)), instant) << FormatHttpDate(instant);
  }
}

TEST(HttpDate, RefusesObsoleteFormsAndWhatIsNoDate) {
  ExpectAllRefused(
      ParseHttpDate,
      {"", "Sun", "Sun, 06 Nov", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994",
       "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37", "Sun, 06 Nov 1994 08:49:37 UTC",
       "Sun, 06 Nov 1994 08:49:37 GMT ", "sun, 06 nov 1994 08:49:37 GMT", "Xyz, 06 Nov 1994 08:49:37 GMT",
       "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 31 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 94 08:49:37 GMT",
       "06 Nov 1994 08:49:37 GMT", "Mon, 06 Nov 1994 08:49:37 GMT"});
}

// RFC 5280 section 4.1.2.5.1: two-digit years from 50 on are 19xx.
TEST(UtcTime, IsRead) {
  EXPECT_EQ(ParseUtcTime("260601123456Z"), At(2026, 6, 1, 12h + 34min + 56s));
  EXPECT_EQ(ParseUtcTime("491231235959Z"), At(2049, 12, 31, 23h + 59min + 59s));
  EXPECT_EQ(ParseUtcTime("700101000000Z"), At(1970, 1, 1));
  EXPECT_EQ(ParseUtcTime("991231235959Z"), At(1999, 12, 31, 23h + 59min + 59s));
}

TEST(UtcTime, RefusesOtherShapes) {
  ExpectAllRefused(
      ParseUtcTime,
      {"", "Z", "2606011234Z", "260601123456", "260601123456z", "260601123456+0000", "20260601123456Z",
       "260601123456.0Z", "261301123456Z", "260631123456Z", "260601243456Z", "260601126056Z", "260601123460Z",
       "2606011234 6Z", " 260601123456Z", "260601123456Z ", "26060112345aZ", "500101000000Z"});
}

TEST(GeneralizedTime, IsRead) {
  EXPECT_EQ(ParseGeneralizedTime("20500101000000Z"), At(2050, 1, 1));
  EXPECT_EQ(ParseGeneralizedTime("99991231235959Z"), At(9999, 12, 31, 23h + 59min + 59s));
  EXPECT_EQ(ParseGeneralizedTime("20260601123456Z"), At(2026, 6, 1, 12h + 34min + 56s));
}

TEST(GeneralizedTime, RefusesOtherShapes) {
  ExpectAllRefused(
      ParseGeneralizedTime,
      {"", "Z", "260601123456Z", "20260601123456", "20260601123456.5Z", "20260601123456+0100", "2026060112Z",
       "20261301123456Z", "20260601123456ZZ", "2026060112345aZ", "19691231235959Z", "20260601 23456Z"});
}

TEST(Duration, IsReadWithItsUnit) {
  const std::pair<const char*, Seconds> good[] = {
      {"0s", 0s},   {"0d", 0s},      {"90s", 90s},      {"15m", 15min},
      {"24h", 24h}, {"7d", 7 * 24h}, {"007d", 7 * 24h}, {"36525d", 36525 * 24h},
      {"1s", 1s},
  };
  for (const auto& [text, duration] : good) EXPECT_EQ(ParseDuration(text), duration) << text;
}

TEST(Duration, RefusesWhatHasNoUnitOrNoEnd) {
  ExpectAllRefused(
      ParseDuration,
      {"",   "s",  "5",     "5 s", " 5s",  "5s ",    "-5s",        "+5s",         "5.0s",         "5ms",
       "5w", "5S", "1h30m", "h",   "0x5s", "36526d", "999999999d", "1000000000s", "99999999999s", "5\0s"s});
}

TEST(Duration, IsWrittenInTheLargestUnitThatDividesIt) {
  EXPECT_EQ(FormatDuration(0s), "0s");
  EXPECT_EQ(FormatDuration(59s), "59s");
  EXPECT_EQ(FormatDuration(60s), "1m");
  EXPECT_EQ(FormatDuration(90min), "90m");
  EXPECT_EQ(FormatDuration(168h), "7d");
  EXPECT_EQ(FormatDuration(25h), "25h");
  EXPECT_EQ(FormatDuration(-90s), "-90s");
}

TEST(Validity, HoldsAtBothItsEnds) {
  const Validity window = {At(2026, 1, 1), At(2026, 2, 1)};
  EXPECT_TRUE(window.Contains(window.not_before));
  EXPECT_TRUE(window.Contains(window.not_after));
  EXPECT_FALSE(window.Contains(window.not_before - 1s));
  EXPECT_FALSE(window.Contains(window.not_after + 1s));
  EXPECT_TRUE(Validity().Contains(At(1970, 1, 1)));
}

TEST(Validity, IntersectionHoldsWhereBothDo) {
  const Validity a = {At(2026, 1, 1), At(2026, 3, 1)}, b = {At(2026, 2, 1), At(2026, 4, 1)};
  EXPECT_EQ(Intersect(a, b), (Validity{At(2026, 2, 1), At(2026, 3, 1)}));
  EXPECT_EQ(Intersect(a, b), Intersect(b, a));
  EXPECT_EQ(Intersect(a, {}), a);
  const Validity apart = Intersect(a, {At(2027, 1, 1), At(2027, 2, 1)});
  EXPECT_FALSE(apart.Contains(At(2026, 2, 1)));
  EXPECT_FALSE(apart.Contains(At(2027, 1, 15)));
}

}  // namespace
}  // namespace thimble
