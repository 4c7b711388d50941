// SPDX-License-Identifier: Apache-2.0
#include "service/support/size_text.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

TEST(SizeText, HasAWholeNumberAndItsUnit) {
  EXPECT_EQ(ParseSize("0KiB"), 0u);
  EXPECT_EQ(ParseSize("512KiB"), 512u << 10);
  EXPECT_EQ(ParseSize("64MiB"), 64u << 20);
  EXPECT_EQ(ParseSize("17179869183GiB"), size_t{17179869183} << 30);
  for (const char* const bad :
       {"", "64", "MiB", "-1MiB", "+1MiB", "1.5MiB", "1 MiB", "64mib", "64MB", "64MiB ", "17179869184GiB"}) {
    EXPECT_FALSE(ParseSize(bad)) << bad;
  }
}

}  // namespace
}  // namespace thimble
