// SPDX-License-Identifier: Apache-2.0
//
// Signing keys for simulated vendors, derived from a seed string: the same seed is the same key, and the same
// key and message the same signature, on every machine and in every run. For tests only: nothing here is
// secret.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"

namespace thimble::sim {

// An ECDSA key: P-256 with SHA-256, or P-384 with SHA-384. Immutable and cheap to copy.
class SimKey {
 public:
  explicit SimKey(std::string_view seed, Curve curve = Curve::kP256);

  const Bytes& point() const;             // X || Y, big endian
  Bytes SubjectPublicKeyInfo() const;     // DER
  Bytes SignatureAlgorithm() const;       // DER AlgorithmIdentifier, for certificates and CRLs
  Bytes KeyIdentifier() const;            // SHA-1 of the uncompressed point (RFC 5280 section 4.2.1.2)
  Bytes SignRaw(ByteView message) const;  // r || s, big endian
  Bytes SignDer(ByteView message) const;  // SEQUENCE { INTEGER r, INTEGER s }

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace thimble::sim
