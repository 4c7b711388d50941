// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/x509_parts.h"

#include <algorithm>

#include "tcb/base/json.h"

namespace thimble::x509 {
namespace {

// OID content bytes.
constexpr std::initializer_list<uint8_t> kEcdsaWithSha256 = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02};
constexpr std::initializer_list<uint8_t> kEcdsaWithSha384 = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x03};
constexpr std::initializer_list<uint8_t> kEcdsaWithSha512 = {0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x04};
constexpr std::initializer_list<uint8_t> kRsassaPss = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a};
constexpr std::initializer_list<uint8_t> kMgf1 = {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x08};
constexpr std::initializer_list<uint8_t> kSha384 = {0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x02};
constexpr std::initializer_list<uint8_t> kCommonName = {0x55, 0x04, 0x03};

// AlgorithmIdentifier of SHA-384: parameters absent or NULL (RFC 4055 section 2.1).
bool IsSha384(der::Reader algorithm) {
  const auto oid = algorithm.Oid();
  if (!oid || !OidIs(*oid, kSha384)) return false;
  if (algorithm.empty()) return true;
  const auto null = algorithm.Next(der::kNull);
  return null && null->content.empty() && algorithm.empty();
}

// RSASSA-PSS-params (RFC 4055 section 3.1): SHA-384, MGF1 with SHA-384, salt 48, trailer field 1. Some of
// AMD's certificates spell the default trailer out, which strict DER forbids; both forms are met
// (spec/amd-sev-snp.md b).
bool IsAmdPssProfile(der::Reader params) {
  auto hash = params.Enter(der::ContextConstructed(0));
  auto hash_algorithm = hash ? hash->Enter(der::kSequence) : std::nullopt;
  if (!hash_algorithm || !hash->empty() || !IsSha384(*hash_algorithm)) return false;

  auto mask = params.Enter(der::ContextConstructed(1));
  auto mask_algorithm = mask ? mask->Enter(der::kSequence) : std::nullopt;
  const auto mask_oid = mask_algorithm ? mask_algorithm->Oid() : std::nullopt;
  auto mask_hash = mask_oid && OidIs(*mask_oid, kMgf1) ? mask_algorithm->Enter(der::kSequence) : std::nullopt;
  if (!mask_hash || !mask->empty() || !mask_algorithm->empty() || !IsSha384(*mask_hash)) return false;

  auto salt = params.Enter(der::ContextConstructed(2));
  if (!salt || salt->Unsigned() != 48 || !salt->empty()) return false;

  if (params.empty()) return true;
  auto trailer = params.Enter(der::ContextConstructed(3));
  return trailer && trailer->Unsigned() == 1 && trailer->empty() && params.empty();
}

}  // namespace

bool OidIs(ByteView oid, std::initializer_list<uint8_t> expected) {
  return std::equal(oid.begin(), oid.end(), expected.begin(), expected.end());
}

namespace {

// Intel's and AMD's.
std::optional<SignatureAlgorithm> ReadTeeAlgorithm(ByteView oid, der::Reader parameters) {
  if (OidIs(oid, kEcdsaWithSha256) && parameters.empty()) return SignatureAlgorithm::kEcdsaSha256;
  if (OidIs(oid, kEcdsaWithSha384) && parameters.empty()) return SignatureAlgorithm::kEcdsaSha384;
  if (!OidIs(oid, kRsassaPss)) return std::nullopt;
  const auto params = parameters.Enter(der::kSequence);
  if (!params || !parameters.empty() || !IsAmdPssProfile(*params)) return std::nullopt;
  return SignatureAlgorithm::kRsaPssSha384;
}

// sha256WithRSAEncryption 11, sha384 12, sha512 13 of 1.2.840.113549.1.1; SHA-1 is 5, and no signature here.
std::optional<SignatureAlgorithm> ReadPkcs1Algorithm(ByteView oid, der::Reader parameters) {
  const auto null = parameters.Next(der::kNull);
  if (!null || !null->content.empty() || !parameters.empty()) return std::nullopt;
  const auto is = [&](uint8_t n) { return OidIs(oid, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, n}); };
  if (is(11)) return SignatureAlgorithm::kRsaPkcs1Sha256;
  if (is(12)) return SignatureAlgorithm::kRsaPkcs1Sha384;
  if (is(13)) return SignatureAlgorithm::kRsaPkcs1Sha512;
  return std::nullopt;
}

}  // namespace

std::optional<SignatureAlgorithm> ReadSignatureAlgorithm(ByteView sequence_content,
                                                         CertificateProfile profile) {
  der::Reader algorithm(sequence_content);
  const auto oid = algorithm.Oid();
  if (!oid) return std::nullopt;
  if (profile == CertificateProfile::kTee) return ReadTeeAlgorithm(*oid, algorithm);
  if (algorithm.empty()) {
    if (OidIs(*oid, kEcdsaWithSha256)) return SignatureAlgorithm::kEcdsaSha256;
    if (OidIs(*oid, kEcdsaWithSha384)) return SignatureAlgorithm::kEcdsaSha384;
    if (OidIs(*oid, kEcdsaWithSha512)) return SignatureAlgorithm::kEcdsaSha512;
  }
  return ReadPkcs1Algorithm(*oid, algorithm);
}

namespace {

// The string types in which vendors write names; the older ones of DirectoryString (RFC 5280 section 4.1.2.4) have more
// than one reading.
bool IsNameText(const der::Element& value) {
  const std::string_view text = AsText(value.content);
  if (value.tag == der::kUtf8String) return json::IsUtf8(text);
  if (value.tag != der::kPrintableString && value.tag != der::kIa5String) return false;
  return std::all_of(value.content.begin(), value.content.end(), [](uint8_t byte) { return byte < 0x80; });
}

}  // namespace

// Name ::= SEQUENCE OF SET OF SEQUENCE { OID, ANY } (RFC 5280 section 4.1.2.4).
std::optional<std::string> CommonName(ByteView name_content) {
  std::optional<std::string> common_name;
  der::Reader name(name_content);
  while (!name.empty()) {
    auto rdn = name.Enter(der::kSet);
    if (!rdn || rdn->empty()) return std::nullopt;
    while (!rdn->empty()) {
      auto attribute = rdn->Enter(der::kSequence);
      const auto oid = attribute ? attribute->Oid() : std::nullopt;
      const auto value = oid ? attribute->Next() : std::nullopt;
      if (!value || !IsNameText(*value) || !attribute->empty()) return std::nullopt;
      if (!OidIs(*oid, kCommonName)) continue;
      if (common_name) return std::nullopt;
      common_name = AsText(value->content);
    }
  }
  return common_name.value_or("");
}

std::optional<ByteView> ReadAuthorityKeyId(ByteView value) {
  der::Reader outer(value);
  auto fields = outer.Enter(der::kSequence);
  if (!fields || !outer.empty()) return std::nullopt;
  ByteView id;
  if (fields->PeekTag() == der::ContextPrimitive(0)) {
    const auto element = fields->Next();
    if (!element || element->content.empty()) return std::nullopt;
    id = element->content;
  }
  for (const uint8_t tag : {der::ContextConstructed(1), der::ContextPrimitive(2)}) {  // issuer and serial
    if (fields->PeekTag() == tag && !fields->Next()) return std::nullopt;
  }
  return fields->empty() ? std::optional(id) : std::nullopt;
}

std::optional<std::vector<Extension>> ReadExtensions(der::Reader sequence_of) {
  std::vector<Extension> extensions;
  while (!sequence_of.empty()) {
    auto sequence = sequence_of.Enter(der::kSequence);
    if (!sequence || extensions.size() == 32) return std::nullopt;
    Extension extension;
    const auto oid = sequence->Oid();
    if (!oid) return std::nullopt;
    extension.oid = *oid;
    if (sequence->PeekTag() == der::kBoolean) {
      if (sequence->Boolean() != true) return std::nullopt;  // DER leaves the default FALSE out
      extension.critical = true;
    }
    const auto value = sequence->OctetString();
    if (!value || !sequence->empty()) return std::nullopt;
    extension.value = *value;
    const bool repeated = std::any_of(extensions.begin(), extensions.end(), [&](const Extension& other) {
      return Equal(other.oid, extension.oid);
    });
    if (repeated) return std::nullopt;
    extensions.push_back(extension);
  }
  if (extensions.empty()) return std::nullopt;
  return extensions;
}

std::optional<uint8_t> StandardExtensionOf(ByteView oid) {
  if (oid.size() == 3 && oid[0] == 0x55 && oid[1] == 0x1d) return oid[2];
  return std::nullopt;
}

}  // namespace thimble::x509
