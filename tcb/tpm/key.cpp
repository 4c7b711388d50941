// SPDX-License-Identifier: Apache-2.0
#include "tcb/tpm/key.h"

#include <array>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tcb/pki/usages.h"
#include "tcb/tpm/reader.h"

namespace thimble::tpm {
namespace {

constexpr uint16_t kRsa = 1, kEcc = 0x23, kNull = 0x10;
constexpr uint16_t kNistP256 = 3, kNistP384 = 4;

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kTpmFormat, std::move(message)};
}

// TPMT_SYM_DEF_OBJECT and TPMT_*_SCHEME: an algorithm, and its parameters unless it is null.
bool SkipSymmetric(ByteReader& reader) {
  const auto algorithm = Number<uint16_t>(reader);
  return algorithm && (*algorithm == kNull || reader.Take(4));
}
bool SkipScheme(ByteReader& reader) {
  const auto scheme = Number<uint16_t>(reader);
  return scheme && (*scheme == kNull || reader.Take(2));
}

std::optional<PublicKey> ReadRsa(ByteReader& reader) {
  if (!SkipSymmetric(reader) || !SkipScheme(reader)) return std::nullopt;
  const auto bits = Number<uint16_t>(reader);
  const auto exponent = Number<uint32_t>(reader);
  const auto modulus = Sized(reader);
  constexpr uint32_t kF4 = 65537;
  if (!bits || !exponent || !modulus || (*exponent != 0 && *exponent != kF4)) return std::nullopt;
  auto key = RsaPublicKey::FromNumbers(*modulus, std::array<uint8_t, 3>{0x01, 0x00, 0x01});
  if (!key || key->bits() != *bits || *bits > 4096) return std::nullopt;
  return PublicKey(*std::move(key));
}

// Coordinates may lack leading zeros.
std::optional<PublicKey> ReadEcc(ByteReader& reader) {
  if (!SkipSymmetric(reader) || !SkipScheme(reader)) return std::nullopt;
  const auto curve = Number<uint16_t>(reader);
  if (!curve || !SkipScheme(reader) || (*curve != kNistP256 && *curve != kNistP384)) return std::nullopt;
  const Curve named = *curve == kNistP256 ? Curve::kP256 : Curve::kP384;
  const size_t size = CoordinateSize(named);
  Bytes point;
  for (int i = 0; i < 2; ++i) {
    const auto coordinate = Sized(reader);
    if (!coordinate || coordinate->size() > size) return std::nullopt;
    point.resize(point.size() + size - coordinate->size());
    point.insert(point.end(), coordinate->begin(), coordinate->end());
  }
  auto key = EcPublicKey::FromPoint(named, point);
  return key ? std::optional<PublicKey>(*std::move(key)) : std::nullopt;
}

std::optional<PublicArea> ReadPublicArea(ByteView bytes) {
  ByteReader reader(bytes);
  const auto type = Number<uint16_t>(reader), name_algorithm = Number<uint16_t>(reader);
  const auto attributes = Number<uint32_t>(reader);
  const auto policy = Sized(reader);
  if (!type || !name_algorithm || !attributes || !policy || (*type != kRsa && *type != kEcc))
    return std::nullopt;
  auto key = *type == kRsa ? ReadRsa(reader) : ReadEcc(reader);
  if (!key || reader.remaining() != 0) return std::nullopt;
  return PublicArea{*attributes, *std::move(key)};
}

}  // namespace

Result<PublicArea> ParsePublicArea(ByteView bytes) {
  if (auto area = ReadPublicArea(bytes)) return *std::move(area);
  ByteReader reader(bytes);
  const auto inner = Sized(reader);
  if (inner && reader.remaining() == 0) {
    if (auto area = ReadPublicArea(*inner)) return *std::move(area);
  }
  return Malformed(StrCat("TPM public area: ", bytes.size(),
                          " bytes that are no whole TPMT_PUBLIC of a key "
                          "of RSA with 2048 to 4096 bits, P-256 or P-384"));
}

std::string AttributeProblem(uint32_t attributes) {
  struct Attribute {
    uint32_t bit;
    bool set;
    std::string_view name;
  };
  constexpr std::array<Attribute, 6> kWanted = {{{0x2, true, "fixedTPM"},
                                                 {0x10, true, "fixedParent"},
                                                 {0x20, true, "sensitiveDataOrigin"},
                                                 {0x10000, true, "restricted"},
                                                 {0x40000, true, "sign"},
                                                 {0x20000, false, "decrypt"}}};
  for (const Attribute& attribute : kWanted) {
    if (((attributes & attribute.bit) != 0) != attribute.set)
      return StrCat("the key's attributes are ", attributes, ": ", attribute.name, " (", attribute.bit, ") ",
                    attribute.set ? "has to be set" : "must not be set");
  }
  return {};
}

Status TakePublicKey(ByteView bytes, KeyEvidence& out) {
  TRY_ASSIGN(const auto blocks, DecodePem(AsText(bytes), "PUBLIC KEY", 1, Check::kTpmFormat));
  const ByteView der = blocks.empty() ? bytes : ByteView(blocks.front());
  if (auto key = ReadSubjectPublicKeyInfo(der, CertificateProfile::kMicrosoft)) {
    out.key = *std::move(key);
    out.public_sha256 = Sha256(der);
    return {};
  }
  if (!blocks.empty())
    return Malformed("the attestation key in PEM is of no kind that a TPM's quotes are signed with here");
  TRY_ASSIGN(PublicArea area, ParsePublicArea(bytes));
  out.key = std::move(area.key);
  out.public_sha256 = Sha256(bytes);
  out.attributes = area.attributes;
  return {};
}

Status TakeCertificate(ByteView bytes, KeyEvidence& out) {
  TRY_ASSIGN(const auto blocks, DecodePem(AsText(bytes), "CERTIFICATE", 1, Check::kTpmFormat));
  const auto der = blocks.empty() ? WithoutNvPadding(bytes) : std::optional<ByteView>(blocks.front());
  if (!der)
    return Malformed("the attestation key's certificate is neither PEM nor DER, with zeros behind it or not");
  TRY_ASSIGN(out.certificate, Certificate::Parse(*der, CertificateProfile::kMicrosoft, Check::kTpmFormat));
  return {};
}

Status TakeChain(ByteView bytes, KeyEvidence& out) {
  constexpr size_t kMost = 16;
  TRY_ASSIGN(const auto blocks, DecodeCertificates(bytes, kMost, Check::kTpmFormat));
  for (const Bytes& block : blocks) {
    TRY_ASSIGN(auto certificate,
               Certificate::Parse(block, CertificateProfile::kMicrosoft, Check::kTpmFormat));
    out.chain.push_back(std::move(certificate));
  }
  return out.chain.size() <= kMost ? Status()
                                   : Malformed("more than 16 certificates beside the attestation key's");
}

}  // namespace thimble::tpm
