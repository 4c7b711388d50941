// SPDX-License-Identifier: Apache-2.0
//
// SubjectPublicKeyInfo (RFC 5280 section 4.1), by itself or in a certificate.
#pragma once

#include <optional>

#include "tcb/pki/signature.h"

namespace thimble {

// What the certificates of an issuer may look like: signature algorithms, keys and critical extensions that its real
// ones have (spec/certificates.md).
enum class CertificateProfile : uint8_t {
  // Intel's and AMD's: ECDSA with SHA-256 or SHA-384, or RSASSA-PSS with AMD's parameters; P-256, P-384, RSA of 2048 to
  // 8192 bits.
  kTee,
  // Microsoft's: also RSASSA-PKCS1-v1_5 and ECDSA with SHA-512, not PSS; P-256, P-384, P-521, RSA of 2048 to 4096 bits
  // with exponent 65537; critical subjectAltName, extKeyUsage, certificatePolicies.
  kMicrosoft,
  // TPM makers': as Microsoft's, and the subject may be empty beside a critical subjectAltName.
  kTpmMaker,
};

// The content of the SEQUENCE, nothing else.
std::optional<PublicKey> ReadPublicKey(ByteView spki_content, CertificateProfile profile);
// A whole SubjectPublicKeyInfo in DER.
std::optional<PublicKey> ReadSubjectPublicKeyInfo(ByteView der, CertificateProfile profile);

bool SameKey(const PublicKey& a, const PublicKey& b);

}  // namespace thimble
