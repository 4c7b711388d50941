// SPDX-License-Identifier: Apache-2.0
#include "service/support/time_text.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(TimeText, NamesOneMomentInManyWays) {
  const auto noon = ParseRfc3339("2026-01-31T12:00:00Z");
  ASSERT_TRUE(noon);
  for (const char* const text :
       {"2026-01-31T12:00:00Z", "2026-01-31t12:00:00z", "2026-01-31T13:00:00+01:00",
        "2026-01-31T06:30:00-05:30", "2026-02-01T11:59:00+23:59", "2026-01-31T12:00:00+00:00",
        "2026-01-31T12:00:00-00:00", "2026-01-31T12:00:00.000Z", "2026-01-31T12:00:00.999999999Z",
        "2026-01-31T13:00:00.5+01:00"})
    EXPECT_EQ(ParseTimeText(text), noon) << text;
  EXPECT_EQ(ParseTimeText("2026-01-31"), *noon - Seconds(12 * 3600));
}

TEST(TimeText, OtherTextIsNone) {
  for (const char* const text :
       {"", "2026", "2026-02-30", "2026-1-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z",
        "2026-01-31T12:00Z", "2026-01-31T25:00:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00+0100", "2026-01-31T12:00:00+1:00", "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+01:60", "2026-01-31T12:00:00*01:00", "2026-01-31T12:00:00Z ",
        "2026-01-31T12:00:00+01:00Z", "2026-02-30T12:00:00+01:00", "1769860800"})
    EXPECT_EQ(ParseTimeText(text), std::nullopt) << text;
}

}  // namespace
}  // namespace thimble
