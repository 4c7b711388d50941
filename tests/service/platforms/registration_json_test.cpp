// SPDX-License-Identifier: Apache-2.0
#include "service/platforms/registration_json.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "tcb/check.h"

namespace thimble {
namespace {

using nlohmann::json;

const json kByPpid = {{"qe_id", "0a0b"},
                      {"pce_id", "0000"},
                      {"cpu_svn", std::string(32, '1')},
                      {"pce_svn", "0b00"},
                      {"enc_ppid", std::string(768, 'a')},
                      {"platform_manifest", nullptr},
                      {"something", "else"}};

bool Good(const json& body) {
  const auto parsed = ParseRegistration(body.dump());
  EXPECT_TRUE(parsed.ok() || parsed.error().check == Check::kRequest);
  return parsed.ok();
}
json But(const char* member, const json& value) {
  json body = kByPpid;
  body[member] = value;
  return body;
}
json Without(const char* member) {
  json body = kByPpid;
  body.erase(member);
  return body;
}

TEST(RegistrationJson, ByPpidNeedsEverything) {
  const auto parsed = ParseRegistration(kByPpid.dump());
  ASSERT_TRUE(parsed.ok()) << parsed.error().message;
  EXPECT_EQ(parsed->platform.qe_id(), "0A0B");
  EXPECT_EQ(parsed->raw->HexUpper(), std::string(32, '1') + "0B00");
  EXPECT_TRUE(parsed->ppid);
  EXPECT_FALSE(parsed->manifest);
  for (const char* const member : {"qe_id", "pce_id", "cpu_svn", "pce_svn", "enc_ppid"}) {
    EXPECT_FALSE(Good(Without(member))) << member;
    EXPECT_FALSE(Good(But(member, ""))) << member;
    EXPECT_FALSE(Good(But(member, 7))) << member;
    EXPECT_FALSE(Good(But(member, "xyz\n"))) << member;
  }
  EXPECT_TRUE(Good(Without("platform_manifest")));
  EXPECT_TRUE(Good(But("platform_manifest", "")));
  EXPECT_FALSE(Good(But("platform_manifest", "00")));
  EXPECT_FALSE(ParseRegistration("{").ok());
  EXPECT_FALSE(ParseRegistration("[]").ok());
}

TEST(RegistrationJson, ByManifestNeedsNothingElse) {
  json body = {{"qe_id", "0A0B"}, {"pce_id", "0000"}, {"platform_manifest", std::string(18000, '0')}};
  EXPECT_TRUE(Good(body));
  body["enc_ppid"] = std::string(768, 'a');
  body["cpu_svn"] = std::string(32, '1');
  body["pce_svn"] = "0b00";
  const auto parsed = ParseRegistration(body.dump());
  ASSERT_TRUE(parsed.ok());
  EXPECT_TRUE(parsed->manifest);
  EXPECT_FALSE(parsed->ppid || parsed->raw) << "the manifest says it all";
  body["platform_manifest"] = std::string(16860, '0');
  EXPECT_FALSE(Good(body)) << "shorter than any manifest";
}

TEST(RegistrationJson, IsWrittenAsItIsRead) {
  const auto parsed = ParseRegistration(kByPpid.dump());
  ASSERT_TRUE(parsed.ok());
  std::string text;
  thimble::json::Writer writer(&text);
  WriteRegistration(writer, *parsed, HexCase::kUpper);
  const json row = json::parse(text);
  EXPECT_EQ(row.at("qe_id"), "0A0B");
  EXPECT_EQ(row.at("enc_ppid"), std::string(768, 'A'));
  EXPECT_EQ(row.at("platform_manifest"), "");
  EXPECT_EQ(row.at("pce_svn"), "0B00");
}

}  // namespace
}  // namespace thimble
