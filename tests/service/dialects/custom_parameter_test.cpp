// SPDX-License-Identifier: Apache-2.0
#include "service/dialects/custom_parameter.h"

#include <gtest/gtest.h>

#include "tcb/base/bytes.h"

namespace thimble {
namespace {

std::optional<CustomParameter> Parse(std::string_view text) {
  return ParseCustomParameter(Base64(AsBytes(text)));
}

TEST(CustomParameter, NamesANumberAndARegion) {
  const auto both = Parse("tcbEvaluationDataNumber=17;region=westus");
  ASSERT_TRUE(both);
  EXPECT_EQ(both->evaluation_number, 17u);
  EXPECT_EQ(both->region, "westus");
  EXPECT_EQ(Parse("tcbEvaluationDataNumber=17")->evaluation_number, 17u);
  EXPECT_EQ(Parse("region=westus")->evaluation_number, std::nullopt);
}

// Clients in C encode the end of their text, too.
TEST(CustomParameter, MayEndWithOneNul) {
  using namespace std::string_view_literals;
  EXPECT_EQ(Parse("tcbEvaluationDataNumber=17\0"sv)->evaluation_number, 17u);
  EXPECT_EQ(Parse("tcbEvaluationDataNumber=17;region=westus\0"sv)->region, "westus");
  EXPECT_FALSE(Parse("tcbEvaluationDataNumber=17\0\0"sv));
  EXPECT_FALSE(Parse("tcbEvaluationDataNumber=1\0007"sv));
}

TEST(CustomParameter, OtherTextIsNone) {
  for (const char* const text :
       {"tcbEvaluationDataNumber=", "tcbEvaluationDataNumber=-1", "tcbEvaluationDataNumber=1x",
        "tcbEvaluationDataNumber=99999999999", "tcbEvaluationDataNumber=1;tcbEvaluationDataNumber=2",
        "other=1", "region"}) {
    EXPECT_FALSE(Parse(text)) << text;
  }
  EXPECT_FALSE(ParseCustomParameter("!"));
}

}  // namespace
}  // namespace thimble
