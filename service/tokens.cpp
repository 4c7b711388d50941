// SPDX-License-Identifier: Apache-2.0
#include "service/tokens.h"

#include "tcb/base/crypto.h"

namespace thimble {

bool HasToken(const PccsConfig& config, const http::Request& request, Token token) {
  if (request.admin) return true;
  const bool user = token == Token::kUser;
  const auto& digest = user ? config.user_token_sha512 : config.admin_token_sha512;
  const auto given = request.Header(user ? "user-token" : "admin-token");
  return digest && given && EqualConstantTime(Sha512(AsBytes(*given)).view(), digest->view());
}

}  // namespace thimble
