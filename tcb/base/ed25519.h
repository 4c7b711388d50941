// SPDX-License-Identifier: Apache-2.0
//
// Ed25519 signatures (RFC 8032), for documents that an operator or a project signs for verifiers.
#pragma once

#include <memory>
#include <optional>

#include "tcb/base/bytes.h"

namespace thimble {

// Immutable; const methods may be called from many threads at once.
class Ed25519PublicKey {
 public:
  static constexpr size_t kSignatureSize = 64;

  // DER of a SubjectPublicKeyInfo (PEM label "PUBLIC KEY"); nullopt for other keys.
  static std::optional<Ed25519PublicKey> FromSpki(ByteView der);

  bool Verify(ByteView message, ByteView signature) const;

 private:
  struct Impl;
  explicit Ed25519PublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  std::shared_ptr<const Impl> impl_;
};

}  // namespace thimble
