// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "service/config/config.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

TEST(SharedConfig, IsReadAndTakesEffectAtTheNextStart) {
  EXPECT_EQ(ParseConfig("", "t.toml")->shared.url, "") << "nothing is shared unless somebody says so";
  const auto config = ParseConfig(
      "[shared]\nurl = \"postgresql://thimble@db.example/thimble?sslmode=verify-full\"\n"
      "password_file = \"/etc/thimble/db-password\"\n",
      "t.toml");
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->shared.password_file, "/etc/thimble/db-password");
  EXPECT_EQ(KeysForNextStart(Config{}, *config), "shared");
}

TEST(SharedConfig, IsRefusedWithAPasswordOrWhatLibpqDoesNotRead) {
  for (const char* const url : {"postgresql://thimble:s3cret@db.example/thimble", "host=db password=s3cret",
                                "postgresql://thimble@db.example/thimble?s3cret=1", "nonsense s3cret"}) {
    const auto config = ParseConfig(StrCat("[shared]\nurl = \"", url, "\"\n"), "t.toml");
    ASSERT_FALSE(config.ok()) << url;
    EXPECT_NE(config.error().message.find("shared.url"), std::string::npos) << config.error().message;
    EXPECT_EQ(config.error().message.find("s3cret"), std::string::npos) << config.error().message;
  }
}

}  // namespace
}  // namespace thimble
