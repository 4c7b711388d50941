// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sim_pki.h"

#include <openssl/evp.h>

#include "tests/support/der_writer.h"

namespace thimble::sim {
namespace {

constexpr const char* kSubjectKeyId = "2.5.29.14";
constexpr const char* kKeyUsage = "2.5.29.15";
constexpr const char* kBasicConstraints = "2.5.29.19";
constexpr const char* kCrlNumber = "2.5.29.20";
constexpr const char* kReasonCode = "2.5.29.21";
constexpr const char* kCrlDistributionPoints = "2.5.29.31";
constexpr const char* kAuthorityKeyId = "2.5.29.35";

Bytes AuthorityKeyId(ByteView id) {
  return MakeExtension(kAuthorityKeyId, false, der::Sequence({der::Implicit(0, id)}));
}

Bytes CrlDistributionPoints(std::string_view url) {
  const Bytes full_name = der::Explicit(0, {der::Implicit(6, AsBytes(url))});
  return MakeExtension(kCrlDistributionPoints, false,
                       der::Sequence({der::Sequence({der::Explicit(0, {full_name})})}));
}

// KeyUsage is a BIT STRING with bit 0 first, its trailing zero bits left out (X.690 section 11.2.2).
Bytes KeyUsage(uint16_t bits) {
  Bytes octets(2);
  uint8_t used = 0;
  for (uint8_t bit = 0; bit < 16; ++bit) {
    if ((bits >> bit & 1) == 0) continue;
    octets[bit / 8] = static_cast<uint8_t>(octets[bit / 8] | 0x80 >> bit % 8);
    used = static_cast<uint8_t>(bit + 1);
  }
  octets.resize((used + 7u) / 8u);
  const auto unused = static_cast<uint8_t>(octets.size() * 8 - used);
  return MakeExtension(kKeyUsage, true, der::BitString(octets, unused));
}

Bytes BasicConstraints(bool is_ca, std::optional<uint8_t> path_length) {
  std::vector<Bytes> parts;
  if (is_ca) parts.push_back(der::Boolean(true));  // FALSE is the default, which DER leaves out
  if (path_length) parts.push_back(der::Integer(*path_length));
  return MakeExtension(kBasicConstraints, true, der::Sequence(parts));
}

// In the order of Intel's certificates.
std::vector<Bytes> Extensions(const CertificateSpec& spec) {
  std::vector<Bytes> out;
  if (!spec.authority_key_id.empty()) out.push_back(AuthorityKeyId(spec.authority_key_id));
  if (!spec.crl_url.empty()) out.push_back(CrlDistributionPoints(spec.crl_url));
  if (!spec.subject_key_id.empty()) {
    out.push_back(MakeExtension(kSubjectKeyId, false, der::OctetString(spec.subject_key_id)));
  }
  if (spec.key_usage) out.push_back(KeyUsage(*spec.key_usage));
  if (spec.is_ca) out.push_back(BasicConstraints(*spec.is_ca, spec.path_length));
  out.insert(out.end(), spec.more_extensions.begin(), spec.more_extensions.end());
  return out;
}

Bytes RevokedEntry(const Bytes& serial, Instant revoked_at) {
  const Bytes key_compromise = MakeExtension(kReasonCode, false, der::Enumerated(1));
  return der::Sequence(
      {der::UnsignedInteger(serial), der::Time(revoked_at), der::Sequence({key_compromise})});
}

Bytes SignedObject(const Bytes& to_be_signed, const Bytes& algorithm, const Signer& signer) {
  return der::Sequence({to_be_signed, algorithm, der::BitString(signer.sign(to_be_signed))});
}

Signer SignerOf(const SimKey& key) {
  return {key.SignatureAlgorithm(), [key](ByteView message) { return key.SignDer(message); }};
}

}  // namespace

Bytes EncodeName(const Name& name) {
  std::vector<Bytes> rdns;
  for (const auto& [oid, value] : name) {
    const Bytes text = oid == kCountry ? der::PrintableString(value) : der::Utf8String(value);
    rdns.push_back(der::Set({der::Sequence({der::Oid(oid), text})}));
  }
  return der::Sequence(rdns);
}

Name WithCommonName(Name name, std::string_view common_name) {
  for (auto& [oid, value] : name) {
    if (oid == kCommonName) value = common_name;
  }
  return name;
}

Bytes MakeExtension(std::string_view oid, bool critical, ByteView value) {
  std::vector<Bytes> parts = {der::Oid(oid)};
  if (critical) parts.push_back(der::Boolean(true));
  parts.push_back(der::OctetString(value));
  return der::Sequence(parts);
}

Bytes MakeCertificate(const CertificateSpec& spec, const SimKey& subject_key, const SimKey& issuer_key) {
  return MakeCertificate(spec, (spec.key ? *spec.key : subject_key).SubjectPublicKeyInfo(),
                         SignerOf(spec.signer ? *spec.signer : issuer_key));
}

Bytes MakeCertificate(const CertificateSpec& spec, const Bytes& public_key_info, const Signer& issuer) {
  CertificateParts parts = {
      .version = der::Explicit(0, {der::Integer(2)}),  // v3
      .serial = der::UnsignedInteger(spec.serial),
      .algorithm = issuer.algorithm,
      .issuer = EncodeName(spec.issuer),
      .validity = der::Sequence({der::Time(spec.validity.not_before), der::Time(spec.validity.not_after)}),
      .subject = EncodeName(spec.subject),
      .public_key = public_key_info,
      .extensions = Extensions(spec),
      .outer_algorithm = issuer.algorithm,
  };
  Apply(spec.bend, parts);
  std::vector<Bytes> fields = {parts.version,  parts.serial,  parts.algorithm, parts.issuer,
                               parts.validity, parts.subject, parts.public_key};
  if (!parts.extensions.empty()) fields.push_back(der::Explicit(3, {der::Sequence(parts.extensions)}));
  return SignedObject(der::Sequence(fields), parts.outer_algorithm, issuer);
}

Bytes MakeCrl(const CrlSpec& spec, const SimKey& issuer_key) {
  return MakeCrl(spec, SignerOf(spec.signer ? *spec.signer : issuer_key));
}

Bytes MakeCrl(const CrlSpec& spec, const Signer& issuer) {
  CrlParts parts = {
      .version = der::Integer(1),  // v2
      .algorithm = issuer.algorithm,
      .issuer = EncodeName(spec.issuer),
      .this_update = der::Time(spec.window.not_before),
      .next_update = der::Time(spec.window.not_after),
      .revoked = {},
      .extensions = {},
      .outer_algorithm = issuer.algorithm,
  };
  for (const Bytes& serial : spec.revoked)
    parts.revoked.push_back(RevokedEntry(serial, spec.window.not_before));
  if (spec.number) parts.extensions.push_back(MakeExtension(kCrlNumber, false, der::Integer(*spec.number)));
  if (!spec.authority_key_id.empty()) parts.extensions.push_back(AuthorityKeyId(spec.authority_key_id));
  Apply(spec.bend, parts);
  std::vector<Bytes> fields = {parts.version, parts.algorithm, parts.issuer, parts.this_update,
                               parts.next_update};
  if (!parts.revoked.empty()) fields.push_back(der::Sequence(parts.revoked));
  if (!parts.extensions.empty()) fields.push_back(der::Explicit(0, {der::Sequence(parts.extensions)}));
  return SignedObject(der::Sequence(fields), parts.outer_algorithm, issuer);
}

std::string ToPem(ByteView der, std::string_view label) {
  Bytes encoded(4 * ((der.size() + 2) / 3) + 1);
  const int length = EVP_EncodeBlock(encoded.data(), der.data(), static_cast<int>(der.size()));
  const std::string_view base64 = AsText(encoded).substr(0, static_cast<size_t>(length));
  std::string out = "-----BEGIN " + std::string(label) + "-----\n";
  for (size_t i = 0; i < base64.size(); i += 64) out.append(base64.substr(i, 64)).append("\n");
  return out + "-----END " + std::string(label) + "-----\n";
}

}  // namespace thimble::sim
