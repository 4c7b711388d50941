// SPDX-License-Identifier: Apache-2.0
#include "service/http/roles.h"

#include <gtest/gtest.h>

namespace thimble {
namespace {

RoleGrant Token(Role role, std::string_view token) {
  return {.role = role, .token_sha512 = TokenDigest(token), .client_sha256 = {}};
}

RoleSet With(const Roles& roles, std::string name, std::string value) {
  http::Request request;
  request.headers = {{std::move(name), std::move(value)}};
  return roles.Of(request);
}

const RoleSet kOpen = {Role::kRead, Role::kVerify};

TEST(Roles, WithoutAnyReadingAndVerifyingNeedNoRole) {
  const Roles roles({});
  EXPECT_EQ(roles.Of({}), kOpen);
  EXPECT_EQ(With(roles, "authorization", "Bearer x"), kOpen);
  EXPECT_EQ(With(roles, "admin-token", ""), kOpen);
  http::Request local;
  local.admin = true;
  EXPECT_EQ(roles.Of(local), RoleSet::All());
}

TEST(Roles, ComeWithTheirToken) {
  const Roles roles({Token(Role::kRegister, "user secret"), Token(Role::kAdmin, "admin secret")});
  const RoleSet registers = {Role::kRead, Role::kVerify, Role::kRegister};
  const RoleSet administers = {Role::kRead, Role::kVerify, Role::kAdmin};
  EXPECT_EQ(With(roles, "user-token", "user secret"), registers);
  EXPECT_EQ(With(roles, "admin-token", "admin secret"), administers);
  EXPECT_EQ(With(roles, "authorization", "Bearer user secret"), registers);
  EXPECT_EQ(With(roles, "authorization", "bearer  admin secret "), administers);
  for (const char* wrong : {"", "user secre", "user secret ", "User secret", "x"}) {
    EXPECT_EQ(With(roles, "user-token", wrong), kOpen) << wrong;
    EXPECT_EQ(With(roles, "authorization", wrong), kOpen) << wrong;
  }
  EXPECT_EQ(With(roles, "user-token", "admin secret"), kOpen) << "each header is for its own role";
  EXPECT_EQ(With(roles, "admin-token", "user secret"), kOpen);
  EXPECT_EQ(With(roles, "authorization", "Basic user secret"), kOpen);
}

TEST(Roles, OfReadingAndVerifyingAreNobodysElseOnceGranted) {
  const Roles roles({Token(Role::kRead, "r"), Token(Role::kVerify, "v"), Token(Role::kVerify, "both"),
                     Token(Role::kRead, "both")});
  EXPECT_EQ(roles.Of({}), RoleSet());
  EXPECT_EQ(With(roles, "authorization", "Bearer r"), RoleSet({Role::kRead}));
  EXPECT_EQ(With(roles, "authorization", "Bearer v"), RoleSet({Role::kVerify}));
  EXPECT_EQ(With(roles, "authorization", "Bearer both"), kOpen);
}

TEST(Roles, ComeWithAClientCertificate) {
  const Digest256 known = Sha256(AsBytes(std::string_view("certificate")));
  const Roles roles({{.role = Role::kAdmin, .token_sha512 = {}, .client_sha256 = known}});
  http::Request request;
  EXPECT_EQ(roles.Of(request), kOpen) << "no certificate is not the one that is granted";
  request.client_sha256 = Sha256(AsBytes(std::string_view("another")));
  EXPECT_EQ(roles.Of(request), kOpen);
  request.client_sha256 = known;
  EXPECT_EQ(roles.Of(request), RoleSet({Role::kRead, Role::kVerify, Role::kAdmin}));
}

TEST(Roles, AreNamedByTheirLabelsAndAWrongTokenIsNoticed) {
  RoleGrant labelled = Token(Role::kAdmin, "admin secret");
  labelled.label = "Ann";
  const Roles roles({labelled, Token(Role::kRead, "r")});
  http::Request request;
  request.headers = {{"authorization", "Bearer admin secret"}};
  const auto known = roles.Judge(request);
  ASSERT_EQ(known.grants.size(), 1u);
  EXPECT_EQ(known.grants[0].label, "Ann");
  EXPECT_EQ(known.grants[0].token, "") << "a label is enough";
  EXPECT_FALSE(known.failed);
  request.headers = {{"authorization", "Bearer r"}};
  EXPECT_EQ(roles.Judge(request).grants.at(0).token, TokenDigest("r").hex().substr(0, 16));
  request.headers = {{"authorization", "Bearer wrong"}};
  EXPECT_TRUE(roles.Judge(request).failed);
  request.headers = {};
  EXPECT_FALSE(roles.Judge(request).failed) << "nothing was shown";
  request.admin = true;
  request.headers = {{"authorization", "Bearer wrong"}};
  EXPECT_FALSE(roles.Judge(request).failed) << "the socket needs no token";
}

}  // namespace
}  // namespace thimble
