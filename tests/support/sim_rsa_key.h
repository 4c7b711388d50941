// SPDX-License-Identifier: Apache-2.0
//
// RSA keys for simulated vendors, derived from a seed string as SimKey is: same seed, same key, same signatures.
// Finding two primes of 2048 bits takes seconds, so where they lie is written down for the seeds in use
// (sim_rsa_hints.cpp); any other seed is searched for. For tests only: nothing here is secret.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"
#include "tests/support/sim_pki.h"

namespace thimble::sim {

// Immutable and cheap to copy. The exponent is 65537.
class SimRsaKey {
 public:
  explicit SimRsaKey(std::string_view seed, int bits = 4096);

  const Bytes& modulus() const;        // big endian, without leading zeros
  Bytes SubjectPublicKeyInfo() const;  // rsaEncryption
  Bytes KeyIdentifier() const;         // SHA-1 of RSAPublicKey (RFC 5280 section 4.2.1.2)
  // MGF1 with the same hash, and a salt as long as its digest.
  Bytes SignPss(ByteView message, HashAlgorithm hash = HashAlgorithm::kSha384) const;
  Bytes SignPkcs1(ByteView message, HashAlgorithm hash) const;
  Signer PssSigner() const;
  Signer Pkcs1Signer(HashAlgorithm hash) const;

 private:
  struct Impl;
  std::shared_ptr<const Impl> impl_;
};

// AlgorithmIdentifier of RSASSA-PSS; each parameter may be bent. Hashes by OID.
struct PssParameters {
  std::string_view hash = kSha384, mask_hash = kSha384;
  uint64_t salt_length = 48;
  std::optional<uint64_t> trailer = {};  // absent: the default, 1; AMD's older certificates write it out

  static constexpr std::string_view kSha384 = "2.16.840.1.101.3.4.2.2";
  static constexpr std::string_view kSha256 = "2.16.840.1.101.3.4.2.1";
  static constexpr std::string_view kSha512 = "2.16.840.1.101.3.4.2.3";
};
Bytes PssAlgorithm(const PssParameters& parameters = {});

// How far behind its starting point each prime of a seed lies, in steps of 2.
struct RsaHint {
  std::string_view seed;
  uint32_t p, q;
};
std::optional<RsaHint> FindRsaHint(std::string_view seed);
// What the search finds: what a hint has to be.
RsaHint SearchRsaPrimes(std::string_view seed, int bits);

}  // namespace thimble::sim
