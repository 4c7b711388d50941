// SPDX-License-Identifier: Apache-2.0
//
// What the configuration says of upstreams and roles, and which upstreams it refuses.
#include <gtest/gtest.h>

#include "service/config/config.h"
#include "tcb/base/text.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

constexpr std::string_view kGood = "https://cache.lan/sgx/certification/v4/";

Result<Config> Parse(std::string_view listen, std::string_view url, std::string_view more = "") {
  return ParseConfig(
      StrCat("[server]\nlisten = \"", listen, "\"\n[[intel.upstream]]\nurl = \"", url, "\"\n", more), "file");
}

std::string Refusal(std::string_view listen, std::string_view url, std::string_view more = "") {
  const auto config = Parse(listen, url, more);
  return config ? "" : config.error().message;
}

TEST(UpstreamsConfig, RefusesTheServerItself) {
  for (const char* url :
       {"http://127.0.0.1:8081/sgx/certification/v4/", "http://localhost:8081/sgx/certification/v4/"}) {
    EXPECT_NE(Refusal("127.0.0.1:8081", url).find("this server itself"), std::string::npos) << url;
    EXPECT_EQ(Refusal("127.0.0.1:8082", url), "") << "another port";
  }
  EXPECT_EQ(Refusal("127.0.0.1:8081", kGood), "");
  for (const char* port : {"8081", "8082"}) {
    const auto any = ParseConfig(StrCat("[server]\nlisten = \"0.0.0.0:8081\"\nplain_http = "
                                        "true\n[[intel.upstream]]\nurl = \"http://127.0.0.1:",
                                        port, "/sgx/certification/v4/\"\n"),
                                 "file");
    EXPECT_EQ(any.ok(), port != std::string("8081")) << "it listens on all addresses";
  }
}

TEST(UpstreamsConfig, RefusesBasesUnderWhichNothingWouldBeFound) {
  EXPECT_EQ(Refusal("127.0.0.1:1", "https://cache.lan/sgx/certification/v4"), "");
  EXPECT_EQ(Refusal("127.0.0.1:1", "https://cache.lan/mirror/sgx/certification/v4/"), "");
  EXPECT_NE(Refusal("127.0.0.1:1", "https://cache.lan/sgx/certification/v3/").find("another version"),
            std::string::npos);
  EXPECT_NE(Refusal("127.0.0.1:1", StrCat(kGood, "tcb")).find("\"tcb/\""), std::string::npos);
  EXPECT_NE(Refusal("127.0.0.1:1", "https://cache.lan/sgx/"), "");
}

TEST(UpstreamsConfig, ReadsAuthoritiesAndLabels) {
  const test::TempDir files;
  const std::string ca = files.Write("ca.pem", std::string("-----BEGIN CERTIFICATE-----\n"));
  const auto config =
      Parse("127.0.0.1:1", kGood,
            StrCat("ca_file = \"", ca, "\"\n[[role]]\nname = \"admin\"\nlabel = \"Ann\"\ntoken_sha512 = \"",
                   std::string(128, 'a'), "\"\n"));
  ASSERT_TRUE(config.ok()) << config.error().message;
  EXPECT_EQ(config->intel_upstreams.at(0).ca_file, ca);
  EXPECT_EQ(config->roles.at(0).label, "Ann");
  EXPECT_NE(Refusal("127.0.0.1:1", kGood, "ca_file = \"/nowhere.pem\"\n"), "");
  EXPECT_NE(
      Refusal("127.0.0.1:1", "http://127.0.0.1:9/sgx/certification/v4/", StrCat("ca_file = \"", ca, "\"\n")),
      "")
      << "plain HTTP has no certificate";
}

}  // namespace
}  // namespace thimble
