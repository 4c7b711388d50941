// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/public_key.h"

#include "tcb/pki/der.h"
#include "tcb/pki/x509_parts.h"

namespace thimble {
namespace {

constexpr std::initializer_list<uint8_t> kIdEcPublicKey = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01};
constexpr std::initializer_list<uint8_t> kPrime256v1 = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07};
constexpr std::initializer_list<uint8_t> kSecp384r1 = {0x2b, 0x81, 0x04, 0x00, 0x22};
constexpr std::initializer_list<uint8_t> kSecp521r1 = {0x2b, 0x81, 0x04, 0x00, 0x23};
constexpr std::initializer_list<uint8_t> kRsaEncryption = {0x2a, 0x86, 0x48, 0x86, 0xf7,
                                                           0x0d, 0x01, 0x01, 0x01};

// RFC 5480 section 2: named curve, uncompressed point.
std::optional<PublicKey> ReadEcKey(der::Reader algorithm, ByteView bits, CertificateProfile profile) {
  const auto curve_oid = algorithm.Oid();
  if (!curve_oid || !algorithm.empty() || bits.empty() || bits[0] != 0x04) return std::nullopt;
  std::optional<EcPublicKey> key;
  if (x509::OidIs(*curve_oid, kPrime256v1)) key = EcPublicKey::FromPoint(Curve::kP256, bits.subspan(1));
  if (x509::OidIs(*curve_oid, kSecp384r1)) key = EcPublicKey::FromPoint(Curve::kP384, bits.subspan(1));
  if (x509::OidIs(*curve_oid, kSecp521r1) && profile != CertificateProfile::kTee)
    key = EcPublicKey::FromPoint(Curve::kP521, bits.subspan(1));
  if (!key) return std::nullopt;
  return PublicKey(std::move(*key));
}

// RFC 3279 section 2.3.1: NULL parameters, RSAPublicKey ::= SEQUENCE { modulus, exponent }.
std::optional<PublicKey> ReadRsaKey(der::Reader algorithm, ByteView bits, CertificateProfile profile) {
  const auto null = algorithm.Next(der::kNull);
  der::Reader outer(bits);
  auto numbers = outer.Enter(der::kSequence);
  if (!null || !null->content.empty() || !algorithm.empty() || !numbers || !outer.empty())
    return std::nullopt;
  const auto modulus = numbers->Integer(), exponent = numbers->Integer();
  if (!modulus || !exponent || !numbers->empty() || (*modulus)[0] >= 0x80 || (*exponent)[0] >= 0x80)
    return std::nullopt;
  auto key = RsaPublicKey::FromNumbers(*modulus, *exponent);
  if (!key) return std::nullopt;
  if (profile != CertificateProfile::kTee && (key->bits() > 4096 || !key->has_exponent_f4()))
    return std::nullopt;
  return PublicKey(std::move(*key));
}

}  // namespace

std::optional<PublicKey> ReadPublicKey(ByteView spki_content, CertificateProfile profile) {
  der::Reader spki(spki_content);
  auto algorithm = spki.Enter(der::kSequence);
  const auto oid = algorithm ? algorithm->Oid() : std::nullopt;
  const auto bits = oid ? spki.BitString() : std::nullopt;
  if (!bits || !spki.empty()) return std::nullopt;
  if (x509::OidIs(*oid, kIdEcPublicKey)) return ReadEcKey(*algorithm, *bits, profile);
  if (x509::OidIs(*oid, kRsaEncryption)) return ReadRsaKey(*algorithm, *bits, profile);
  return std::nullopt;
}

std::optional<PublicKey> ReadSubjectPublicKeyInfo(ByteView der, CertificateProfile profile) {
  der::Reader reader(der);
  const auto sequence = reader.Next(der::kSequence);
  if (!sequence || !reader.empty()) return std::nullopt;
  return ReadPublicKey(sequence->content, profile);
}

bool SameKey(const PublicKey& a, const PublicKey& b) {
  const auto *rsa_a = std::get_if<RsaPublicKey>(&a), *rsa_b = std::get_if<RsaPublicKey>(&b);
  if (rsa_a != nullptr && rsa_b != nullptr) return rsa_a->SameAs(*rsa_b);
  const auto *ec_a = std::get_if<EcPublicKey>(&a), *ec_b = std::get_if<EcPublicKey>(&b);
  return ec_a != nullptr && ec_b != nullptr && ec_a->curve() == ec_b->curve() &&
         Equal(ec_a->point(), ec_b->point());
}

}  // namespace thimble
