// SPDX-License-Identifier: Apache-2.0
//
// A private key on P-256, for the results that a verifier signs (ES256, RFC 7518 section 3.4).
#pragma once

#include <memory>
#include <optional>

#include "tcb/base/bytes.h"

namespace thimble {

// Immutable; const methods may be called from many threads at once.
class EcSigningKey {
 public:
  // 32 bytes, big endian, from whoever has randomness; nullopt unless it is in 1..n-1.
  static std::optional<EcSigningKey> FromScalar(ByteView scalar);
  // DER of SEC 1 (`EC PRIVATE KEY`) or PKCS #8 (`PRIVATE KEY`); nullopt for other keys and curves.
  static std::optional<EcSigningKey> FromDer(ByteView der);

  Bytes ToDer() const;         // SEC 1
  const Bytes& point() const;  // of the public key: X || Y, big endian, 64 bytes
  // r || s, 64 bytes, over the SHA-256 of the message. Empty when the library fails.
  Bytes Sign(ByteView message) const;

 private:
  struct Impl;
  explicit EcSigningKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

// HMAC-SHA256 (RFC 2104).
Digest256 HmacSha256(ByteView key, ByteView message);

}  // namespace thimble
