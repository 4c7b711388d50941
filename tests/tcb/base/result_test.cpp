// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/result.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Failure() { return {ErrorKind::kUnavailable, Check::kPckMissing, "not there"}; }

Result<int> Number(bool good) {
  if (!good) return Failure();
  return 7;
}
Status Checked(bool good) { return good ? Status() : Status(Failure()); }

Result<std::string> Text(bool first, bool second, int* reached) {
  TRY(Checked(first));
  *reached = 1;
  TRY_ASSIGN(const int number, Number(second));
  *reached = 2;
  return StrCat("number ", number);
}

TEST(Result, IsAValueOrAnError) {
  const Result<int> good = Number(true);
  ASSERT_TRUE(good.ok());
  EXPECT_TRUE(static_cast<bool>(good));
  EXPECT_EQ(good.value(), 7);
  EXPECT_EQ(*good, 7);
  EXPECT_THROW((void)good.error(), std::bad_variant_access);

  const Result<int> bad = Number(false);
  ASSERT_FALSE(bad.ok());
  EXPECT_FALSE(static_cast<bool>(bad));
  EXPECT_EQ(bad.error().kind, ErrorKind::kUnavailable);
  EXPECT_EQ(bad.error().check, Check::kPckMissing);
  EXPECT_EQ(bad.error().message, "not there");
  EXPECT_THROW((void)bad.value(), std::bad_variant_access);
}

TEST(Result, HoldsWhatCanOnlyBeMoved) {
  Result<std::unique_ptr<int>> result = std::make_unique<int>(3);
  const std::unique_ptr<int> taken = std::move(result).value();
  EXPECT_EQ(*taken, 3);
}

TEST(Result, TryReturnsTheErrorOrGoesOn) {
  int reached = 0;
  EXPECT_EQ(Text(true, true, &reached).value(), "number 7");
  EXPECT_EQ(reached, 2);

  reached = 0;
  EXPECT_EQ(Text(false, true, &reached).error().message, "not there");
  EXPECT_EQ(reached, 0);

  reached = 0;
  EXPECT_EQ(Text(true, false, &reached).error().check, Check::kPckMissing);
  EXPECT_EQ(reached, 1);
}

TEST(Status, IsSuccessUnlessItHoldsAnError) {
  EXPECT_TRUE(Status().ok());
  EXPECT_FALSE(Status(Failure()).ok());
  EXPECT_EQ(Status(Failure()).error().message, "not there");
}

TEST(Check, NamesAreUniqueAndStable) {
  std::vector<std::string_view> names;
  for (size_t i = 1; i < static_cast<size_t>(Check::kCount); ++i) {
    const std::string_view name = CheckName(static_cast<Check>(i));
    EXPECT_FALSE(name.empty()) << i;
    EXPECT_EQ(std::count(names.begin(), names.end(), name), 0) << name;
    names.push_back(name);
  }
  EXPECT_EQ(CheckName(Check::kNone), "");
  EXPECT_EQ(CheckName(Check::kCount), "");
  EXPECT_EQ(CheckName(Check::kPckRevoked), "pck.revoked");
}

}  // namespace
}  // namespace thimble
