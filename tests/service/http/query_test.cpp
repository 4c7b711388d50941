// SPDX-License-Identifier: Apache-2.0
#include "service/http/query.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

using http::Query;

TEST(Query, DecodesPercentAndNothingElse) {
  const auto query = Query::Parse("a=1+2%2B&b=%C3%A4&c&&d=x=y");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->Get("a"), "1+2+");
  EXPECT_EQ(query->Get("b"), "\xC3\xA4");
  EXPECT_EQ(query->Get("c"), "");
  EXPECT_EQ(query->Get("d"), "x=y");
  EXPECT_FALSE(query->Get("e"));
}

TEST(Query, RefusesBadEscapesAndRepetition) {
  for (const char* bad : {"a=%", "a=%2", "a=%zz", "%=1", "a=1&a=2", "a=1&%61=2"}) {
    EXPECT_FALSE(Query::Parse(bad)) << bad;
  }
  EXPECT_TRUE(Query::Parse(""));
}

}  // namespace
}  // namespace thimble
