// SPDX-License-Identifier: Apache-2.0
//
// Digests and signatures, over OpenSSL. Keys are parsed once and are immutable: const methods may be called
// from many threads at once. No OpenSSL type is visible to users of the library.
#pragma once

#include <memory>
#include <optional>

#include "tcb/base/bytes.h"

namespace thimble {

Digest256 Sha256(ByteView data);
Digest256 Sha256(ByteView first, ByteView second);  // of the concatenation
Digest384 Sha384(ByteView data);
using Digest512 = FixedBytes<struct Sha512Tag, 64>;
Digest512 Sha512(ByteView data);

enum class HashAlgorithm : uint8_t { kSha256, kSha384, kSha512 };
Bytes DigestOf(HashAlgorithm hash, ByteView data);

enum class Curve : uint8_t { kP256, kP384, kP521 };
constexpr size_t CoordinateSize(Curve curve) {
  return curve == Curve::kP256 ? 32 : curve == Curve::kP384 ? 48 : 66;
}

// An ECDSA public key. P-256 goes with SHA-256, P-384 with SHA-384, P-521 with SHA-512, unless a TPM says otherwise.
class EcPublicKey {
 public:
  // X || Y, big endian, 64, 96 or 132 bytes; nullopt when the point is not on the curve (or is infinity).
  static std::optional<EcPublicKey> FromPoint(Curve curve, ByteView xy);

  Curve curve() const { return curve_; }
  ByteView point() const { return xy_; }  // X || Y

  // r || s, big endian, 64, 96 or 132 bytes. False for r or s outside 1..n-1, wrong length, or a wrong signature.
  bool VerifyRaw(ByteView message, ByteView r_s) const;
  bool VerifyRaw(HashAlgorithm hash, ByteView message, ByteView r_s) const;
  // DER SEQUENCE { INTEGER r, INTEGER s }, minimal, nothing after it.
  bool VerifyDer(ByteView message, ByteView signature) const;

 private:
  struct Impl;
  EcPublicKey(Curve curve, ByteView xy, std::shared_ptr<const Impl> impl);
  Curve curve_;
  Bytes xy_;
  std::shared_ptr<const Impl> impl_;
};

// An RSA public key: of AMD's ARK, ASK and ASVK (RSA-4096), of a vTPM's attestation key (RSA-2048), of other
// vendors' certificates.
class RsaPublicKey {
 public:
  // Modulus and exponent, big endian. nullopt unless the modulus has 2048 to 8192 bits and the exponent is
  // odd and > 2.
  static std::optional<RsaPublicKey> FromNumbers(ByteView modulus, ByteView exponent);

  int bits() const;              // of the modulus
  bool has_exponent_f4() const;  // 65537
  bool SameAs(const RsaPublicKey& other) const;

  // RSASSA-PSS with SHA-384, MGF1 with SHA-384, salt of 48 bytes (AMD's profile).
  bool VerifyPssSha384(ByteView message, ByteView signature) const;
  // As TPMs sign: RSASSA-PKCS1-v1_5, and RSASSA-PSS with MGF1 of the same hash and a salt of any length, for TPMs differ.
  bool VerifyPkcs1(HashAlgorithm hash, ByteView message, ByteView signature) const;
  bool VerifyPss(HashAlgorithm hash, ByteView message, ByteView signature) const;
  // With a salt as long as the hash, as COSE (RFC 8230 section 2) and VBS have it.
  bool VerifyPssSaltOfHash(HashAlgorithm hash, ByteView message, ByteView signature) const;

 private:
  struct Impl;
  explicit RsaPublicKey(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}
  bool VerifyPss(HashAlgorithm hash, ByteView message, ByteView signature, int salt_length) const;
  std::shared_ptr<const Impl> impl_;
};

}  // namespace thimble
