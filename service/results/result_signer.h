// SPDX-License-Identifier: Apache-2.0
//
// Signs attestation results. The key is made at the first start, in the store's directory, readable by its owner alone;
// without one, in memory, for as long as the process lives.
#pragma once

#include <optional>
#include <string>

#include "service/results/jwt.h"
#include "service/results/render.h"

namespace thimble {

// Thread-safe.
class ResultSigner {
 public:
  // Reads the key, or makes it. Errors: store.io.
  static Result<ResultSigner> AtFile(const std::string& path);
  static ResultSigner InMemory();

  // An EAR of this result, as a JWT; `nonce` as base64url.
  Result<std::string> Sign(const ResultView& result, Instant now,
                           const std::optional<std::string>& nonce) const;
  const std::string& jwks() const { return jwks_; }

 private:
  explicit ResultSigner(EcSigningKey key) : key_(std::move(key)), jwks_(JwksJson({key_})) {}
  EcSigningKey key_;
  std::string jwks_;
};

}  // namespace thimble
