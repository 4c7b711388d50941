// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/hidden_ids.h"

#include <gtest/gtest.h>

#include "service/http/roles.h"
#include "tcb/base/text.h"
#include "tests/service/testing/amd_world.h"

namespace thimble {
namespace {

using nlohmann::json;

TEST(HiddenIds, AreRunsOfSixteenDigitsAndMore) {
  const std::string chip(128, 'a'), turin = "0123456789abcdef", qe(32, 'F');
  EXPECT_EQ(WithoutIds(StrCat("GET /vcek/v1/Milan/", chip, "?blSPL=4")), "GET /vcek/v1/Milan/...?blSPL=4");
  EXPECT_EQ(WithoutIds(StrCat(turin, " and ", qe)), "... and ...");
  EXPECT_EQ(WithoutIds("fmspc=00806F050000"), "fmspc=00806F050000");
  EXPECT_EQ(WithoutIds(turin.substr(1)), turin.substr(1));
  EXPECT_EQ(WithoutIds(""), "");
}

// A reader counts the platforms; the administrator sees which they are.
TEST(HiddenIds, OfTheStatusAreTheAdministratorsAlone) {
  test::AmdWorld w;
  w.config.roles = {{.role = Role::kAdmin, .token_sha512 = TokenDigest("secret"), .client_sha256 = {}}};
  w.Start();
  const auto platform = sim::SnpPlatform::Of(amd::Product::kMilan);
  ASSERT_EQ(test::Get(w.port(), "/vcek/v1/Milan/cert_chain").status, 200);
  ASSERT_EQ(w.Get(test::VcekKeyOf(platform)).status, 200);
  const std::string chip = HexLower(platform.hwid());
  const std::string strange(128, 'b');
  test::Get(w.port(), StrCat("/vcek/v1/Milan/", strange, "?blSPL=1&teeSPL=0&snpSPL=1&ucodeSPL=1"));

  const std::string reader = test::Get(w.port(), "/v1/status").body;
  const std::string admin = test::Get(w.port(), "/v1/status", "Authorization: Bearer secret\r\n").body;
  EXPECT_EQ(reader.find(chip), std::string::npos) << reader;
  EXPECT_EQ(reader.find(strange), std::string::npos) << reader;
  EXPECT_NE(admin.find(chip), std::string::npos) << admin;
  EXPECT_EQ(json::parse(reader).at("platform_items"), json::parse(admin).at("platform_items"));
  EXPECT_GT(json::parse(admin).at("items").size(), json::parse(reader).at("items").size());
  EXPECT_GT(json::parse(reader).at("items").size(), 0u) << "what platforms share is told";
}

}  // namespace
}  // namespace thimble
