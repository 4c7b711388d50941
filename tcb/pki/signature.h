// SPDX-License-Identifier: Apache-2.0
//
// A signature by algorithm and key. The key has to fit the algorithm: an RSA key an RSA one, and P-256 goes with SHA-256,
// P-384 with SHA-384, P-521 with SHA-512.
#pragma once

#include <variant>

#include "tcb/base/crypto.h"

namespace thimble {

enum class SignatureAlgorithm : uint8_t {
  kEcdsaSha256,
  kEcdsaSha384,
  kEcdsaSha512,
  kRsaPssSha256,  // MGF1 with the same hash, a salt as long as the hash
  kRsaPssSha384,
  kRsaPssSha512,
  kRsaPkcs1Sha256,
  kRsaPkcs1Sha384,
  kRsaPkcs1Sha512,
};

using PublicKey = std::variant<EcPublicKey, RsaPublicKey>;

enum class EcdsaForm : uint8_t {
  kDer,  // SEQUENCE { r, s }, as in certificates
  kRaw,  // r || s of fixed length, as in COSE and JOSE
};

// `signature` over `message` holds under `key` with `algorithm`. False, too, where the key does not fit.
bool VerifySignature(const PublicKey& key, SignatureAlgorithm algorithm, ByteView message, ByteView signature,
                     EcdsaForm form = EcdsaForm::kDer);

}  // namespace thimble
