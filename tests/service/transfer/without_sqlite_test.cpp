// SPDX-License-Identifier: Apache-2.0
//
// A build without SQLite says so, whatever this build has.
#include <gtest/gtest.h>

#include "service/transfer/pccs_database.h"

namespace thimble {
namespace {

TEST(WithoutSqlite, ADatabaseIsRecognizedAndTheMissingPartNamed) {
  const std::string_view file("SQLite format 3\0 and so on", 26);
  ASSERT_TRUE(IsPccsDatabase(file));
  std::vector<std::string> odd;
  const auto bundle = ReadPccsDatabase(file, odd);
  ASSERT_FALSE(bundle.ok());
  EXPECT_NE(bundle.error().message.find("this build of Thimble has no SQLite"), std::string::npos);
}

}  // namespace
}  // namespace thimble
