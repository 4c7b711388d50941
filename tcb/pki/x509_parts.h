// SPDX-License-Identifier: Apache-2.0
//
// What certificates and CRLs have in common (RFC 5280 sections 4.1 and 5.1). Internal to tcb/.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/pki/certificate.h"
#include "tcb/pki/der.h"

namespace thimble::x509 {

// AlgorithmIdentifier of a signature, as the profile has it: ECDSA without parameters, RSASSA-PSS with exactly AMD's,
// RSASSA-PKCS1-v1_5 with NULL (RFC 4055 section 5). The reader is the content of the SEQUENCE.
std::optional<SignatureAlgorithm> ReadSignatureAlgorithm(
    ByteView sequence_content, CertificateProfile profile = CertificateProfile::kTee);

// The common name in a Name; empty when there is none. nullopt when the Name is not well-formed, or has two: a
// certificate has one name, whoever reads it.
std::optional<std::string> CommonName(ByteView name_content);

// keyIdentifier of an AuthorityKeyIdentifier (RFC 5280 section 4.2.1.1); empty when only issuer and serial are given.
// nullopt when the value is not one.
std::optional<ByteView> ReadAuthorityKeyId(ByteView value);

// Extensions ::= SEQUENCE SIZE (1..MAX) OF Extension, without duplicates, at most 32.
std::optional<std::vector<Extension>> ReadExtensions(der::Reader sequence_of);

bool OidIs(ByteView oid, std::initializer_list<uint8_t> expected);

// id-ce (2.5.29.n), the only arc whose extensions we interpret here.
enum StandardExtension : uint8_t {
  kSubjectKeyId = 14,
  kKeyUsage = 15,
  kSubjectAltName = 17,
  kBasicConstraints = 19,
  kCrlNumber = 20,
  kReasonCode = 21,
  kInvalidityDate = 24,
  kDeltaCrlIndicator = 27,
  kIssuingDistributionPoint = 28,
  kCertificateIssuer = 29,
  kNameConstraints = 30,
  kCrlDistributionPoints = 31,
  kCertificatePolicies = 32,
  kAuthorityKeyId = 35,
  kExtendedKeyUsage = 37,
};
std::optional<uint8_t> StandardExtensionOf(ByteView oid);

}  // namespace thimble::x509
