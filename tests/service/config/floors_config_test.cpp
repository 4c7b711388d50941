// SPDX-License-Identifier: Apache-2.0
//
// [floors] in a configuration.
#include <gtest/gtest.h>

#include "service/config/config.h"
#include "tcb/check.h"

namespace thimble {
namespace {

std::string ErrorOf(const std::string& text) {
  const auto config = ParseConfig("[floors]\n" + text, "t.toml");
  return config ? "" : config.error().message;
}

TEST(FloorsConfig, TakesAUrlUnderAKeyAlone) {
  const auto config =
      ParseConfig("[floors]\nurl = \"https://a.example/v1/floors\"\nkey = \"k.pem\"\n", "t.toml");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->floors.url, "https://a.example/v1/floors");
  EXPECT_EQ(ErrorOf("url = \"http://127.0.0.1:8081/v1/floors\"\nkey = \"k.pem\"\n"), "");
  EXPECT_NE(ErrorOf("url = \"https://a.example/v1/floors\"\n").find("needs floors.key"), std::string::npos);
  for (const char* url :
       {"http://a.example/", "http://169.254.169.254/", "ftp://a.example/", "/etc/floors.json", "a"})
    EXPECT_NE(ErrorOf(std::string("key = \"k.pem\"\nurl = \"") + url + "\"\n").find("must be an https URL"),
              std::string::npos)
        << url;
}

}  // namespace
}  // namespace thimble
