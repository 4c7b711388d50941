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
  std::string label = {};  // who that is, for the audit trail
};

std::optional<Role> ParseRole(std::string_view name);
Digest512 TokenDigest(std::string_view token);

class Roles {
 public:
  explicit Roles(std::vector<RoleGrant> grants);

  // Over the Unix socket: all. Else what is granted to the token in `Authorization: Bearer`, `user-token` (for
  // register alone) or `admin-token` (for admin alone), and to the client certificate. Anyone
  // may read and verify until a grant names these. Takes the same time for any token.
  RoleSet Of(const http::Request& request) const { return Judge(request).roles; }

  struct Judgement {
    RoleSet roles;
    std::vector<http::ShownGrant> grants;  // what they are by, beside what anyone may
    bool failed = false;                   // a token was shown, and nothing is granted to what was
  };
  Judgement Judge(const http::Request& request) const;

 private:
  bool AddOfToken(std::string_view token, RoleSet among, Judgement& judgement) const;

  std::vector<RoleGrant> grants_;
  RoleSet open_;  // of anyone
};

}  // namespace thimble
