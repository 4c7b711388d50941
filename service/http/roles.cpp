// SPDX-License-Identifier: Apache-2.0
#include "service/http/roles.h"

#include <array>

#include "tcb/base/ascii.h"

namespace thimble {
namespace {

constexpr std::array<std::string_view, kRoleCount> kNames = {"read", "verify", "register", "admin"};

// RFC 6750 section 2.1.
std::optional<std::string_view> BearerToken(const http::Request& request) {
  constexpr std::string_view kScheme = "bearer ";
  const auto value = request.Header("authorization");
  if (!value || value->size() <= kScheme.size()) return std::nullopt;
  if (!EqualIgnoringCase(value->substr(0, kScheme.size()), kScheme)) return std::nullopt;
  return TrimBlanks(value->substr(kScheme.size()));
}

}  // namespace

std::string_view RoleName(Role role) { return kNames[static_cast<size_t>(role)]; }

std::optional<Role> ParseRole(std::string_view name) {
  for (size_t i = 0; i < kRoleCount; ++i) {
    if (kNames[i] == name) return static_cast<Role>(i);
  }
  return std::nullopt;
}

Digest512 TokenDigest(std::string_view token) { return Sha512(AsBytes(token)); }

Roles::Roles(std::vector<RoleGrant> grants) : grants_(std::move(grants)), open_{Role::kRead, Role::kVerify} {
  RoleSet granted;
  for (const RoleGrant& grant : grants_) granted.Add(grant.role);
  open_ = {};
  for (const Role role : {Role::kRead, Role::kVerify}) {
    if (!granted.Has(role)) open_.Add(role);
  }
}

RoleSet Roles::OfToken(std::string_view token, RoleSet among) const {
  RoleSet roles;
  const Digest512 digest = TokenDigest(token);
  for (const RoleGrant& grant : grants_) {
    const bool same = grant.token_sha512 && EqualConstantTime(digest.view(), grant.token_sha512->view());
    if (same && among.Has(grant.role)) roles.Add(grant.role);
  }
  return roles;
}

RoleSet Roles::Of(const http::Request& request) const {
  if (request.admin) return RoleSet::All();
  RoleSet roles = open_;
  if (grants_.empty()) return roles;
  const auto add = [&](const RoleSet& more) {
    for (size_t i = 0; i < kRoleCount; ++i) {
      if (more.Has(static_cast<Role>(i))) roles.Add(static_cast<Role>(i));
    }
  };
  if (const auto token = BearerToken(request)) add(OfToken(*token, RoleSet::All()));
  if (const auto token = request.Header("user-token")) add(OfToken(*token, {Role::kRegister}));
  if (const auto token = request.Header("admin-token")) add(OfToken(*token, {Role::kAdmin}));
  for (const RoleGrant& grant : grants_) {
    if (request.client_sha256 && grant.client_sha256 == request.client_sha256) roles.Add(grant.role);
  }
  return roles;
}

}  // namespace thimble
