// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/signature.h"

#include <optional>

namespace thimble {
namespace {

std::optional<Curve> CurveOf(SignatureAlgorithm algorithm) {
  switch (algorithm) {
    case SignatureAlgorithm::kEcdsaSha256:
      return Curve::kP256;
    case SignatureAlgorithm::kEcdsaSha384:
      return Curve::kP384;
    case SignatureAlgorithm::kEcdsaSha512:
      return Curve::kP521;
    default:
      return std::nullopt;
  }
}

bool VerifyRsa(const RsaPublicKey& key, SignatureAlgorithm algorithm, ByteView message, ByteView signature) {
  switch (algorithm) {
    case SignatureAlgorithm::kRsaPssSha256:
      return key.VerifyPssSaltOfHash(HashAlgorithm::kSha256, message, signature);
    case SignatureAlgorithm::kRsaPssSha384:
      return key.VerifyPssSha384(message, signature);
    case SignatureAlgorithm::kRsaPssSha512:
      return key.VerifyPssSaltOfHash(HashAlgorithm::kSha512, message, signature);
    case SignatureAlgorithm::kRsaPkcs1Sha256:
      return key.VerifyPkcs1(HashAlgorithm::kSha256, message, signature);
    case SignatureAlgorithm::kRsaPkcs1Sha384:
      return key.VerifyPkcs1(HashAlgorithm::kSha384, message, signature);
    case SignatureAlgorithm::kRsaPkcs1Sha512:
      return key.VerifyPkcs1(HashAlgorithm::kSha512, message, signature);
    case SignatureAlgorithm::kEcdsaSha256:
    case SignatureAlgorithm::kEcdsaSha384:
    case SignatureAlgorithm::kEcdsaSha512:
      return false;
  }
  return false;
}

}  // namespace

bool VerifySignature(const PublicKey& key, SignatureAlgorithm algorithm, ByteView message, ByteView signature,
                     EcdsaForm form) {
  if (const auto* rsa = std::get_if<RsaPublicKey>(&key))
    return VerifyRsa(*rsa, algorithm, message, signature);
  const auto& ec = std::get<EcPublicKey>(key);
  if (CurveOf(algorithm) != ec.curve()) return false;
  return form == EcdsaForm::kDer ? ec.VerifyDer(message, signature) : ec.VerifyRaw(message, signature);
}

}  // namespace thimble
