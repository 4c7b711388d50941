// SPDX-License-Identifier: Apache-2.0
#include "service/http/roles.h"

#include <array>

#include "tcb/base/ascii.h"

namespace thimble {
namespace {

constexpr std::array<std::string_view, kRoleCount> kNames = {"read", "verify", "register", "admin"};

// As much of a token's digest tells which of the file's [[role]] it is.
constexpr size_t kShownOfToken = 16;

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

bool Roles::AddOfToken(std::string_view token, RoleSet among, Judgement& judgement) const {
  const Digest512 digest = TokenDigest(token);
  bool known = false;
  for (const RoleGrant& grant : grants_) {
    const bool same = grant.token_sha512 && EqualConstantTime(digest.view(), grant.token_sha512->view());
    if (!same || !among.Has(grant.role)) continue;
    known = true;
    judgement.roles.Add(grant.role);
    judgement.grants.push_back({.role = grant.role,
                                .label = grant.label,
                                .token = grant.label.empty() ? digest.hex().substr(0, kShownOfToken) : "",
                                .certificate = ""});
  }
  return known;
}

Roles::Judgement Roles::Judge(const http::Request& request) const {
  Judgement judgement{.roles = request.admin ? RoleSet::All() : open_, .grants = {}};
  if (request.admin || grants_.empty()) return judgement;
  bool shown = false, known = false;
  const auto take = [&](const std::optional<std::string_view>& token, RoleSet among) {
    if (!token) return;
    shown = true;
    known = AddOfToken(*token, among, judgement) || known;
  };
  take(BearerToken(request), RoleSet::All());
  take(request.Header("user-token"), {Role::kRegister});
  take(request.Header("admin-token"), {Role::kAdmin});
  for (const RoleGrant& grant : grants_) {
    if (!request.client_sha256 || grant.client_sha256 != request.client_sha256) continue;
    known = true;
    judgement.roles.Add(grant.role);
    judgement.grants.push_back({.role = grant.role,
                                .label = grant.label,
                                .token = "",
                                .certificate = grant.label.empty() ? request.client_sha256->hex() : ""});
  }
  judgement.failed = shown && !known;
  return judgement;
}

}  // namespace thimble
