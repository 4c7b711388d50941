// SPDX-License-Identifier: Apache-2.0
//
// Who has which role. Tokens are known by their SHA-512 alone, the form of PCCS's configuration; client certificates
// by the SHA-256 of their DER.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "service/http/role.h"
#include "service/http/types.h"
#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"

namespace thimble {

// One [[role]]: who shows the token, or the client certificate, has the role.
struct RoleGrant {
  Role role = Role::kRead;
  std::optional<Digest512> token_sha512;
  std::optional<Digest256> client_sha256;
};

std::optional<Role> ParseRole(std::string_view name);
Digest512 TokenDigest(std::string_view token);

class Roles {
 public:
  explicit Roles(std::vector<RoleGrant> grants);

  // Over the Unix socket: all. Else what is granted to the token in `Authorization: Bearer`, `user-token` (for
  // register alone) or `admin-token` (for admin alone), and to the client certificate. Anyone
  // may read and verify until a grant names these. Takes the same time for any token.
  RoleSet Of(const http::Request& request) const;

 private:
  RoleSet OfToken(std::string_view token, RoleSet among) const;

  std::vector<RoleGrant> grants_;
  RoleSet open_;  // of anyone
};

}  // namespace thimble
