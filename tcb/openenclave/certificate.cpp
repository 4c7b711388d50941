// SPDX-License-Identifier: Apache-2.0
#include "tcb/openenclave/certificate.h"

#include <algorithm>
#include <initializer_list>
#include <vector>

#include "tcb/base/self_signature.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tcb/pki/x509_parts.h"

namespace thimble::openenclave {
namespace {

Error Malformed(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kOeFormat, StrCat("certificate with Open Enclave evidence: ", what)};
}

// 1.3.6.1.4.1.311.105.n, and the older 1.2.840.113556.10.1.n.
bool IsArc(ByteView oid, uint8_t n) {
  return x509::OidIs(oid, {0x2b, 0x06, 0x01, 0x04, 0x01, 0x82, 0x37, 0x69, n}) ||
         x509::OidIs(oid, {0x2a, 0x86, 0x48, 0x86, 0xf7, 0x14, 0x0a, 0x01, n});
}
// Azure Attestation's certificates have an INTEGER beside their quote, under the OID that is OE evidence's elsewhere.
bool IsNumber(ByteView value) {
  der::Reader reader(value);
  return reader.Integer() && reader.empty();
}
bool HoldsReport(const Extension& extension) { return IsArc(extension.oid, 1); }
bool HoldsEvidence(const Extension& extension) {
  return IsArc(extension.oid, 2) && !IsNumber(extension.value);
}

// The fields of a TBSCertificate (RFC 5280 section 4.1) that matter here.
struct Parts {
  ByteView inner_algorithm, public_key;
  std::vector<Extension> extensions;
};

std::optional<Parts> ReadTbs(der::Reader tbs) {
  Parts parts;
  if (!tbs.Next(der::ContextConstructed(0)) || !tbs.Integer()) return std::nullopt;
  const auto algorithm = tbs.Next(der::kSequence);
  const auto issuer = tbs.Next(der::kSequence), validity = tbs.Next(der::kSequence);
  const auto subject = tbs.Next(der::kSequence), public_key = tbs.Next(der::kSequence);
  if (!algorithm || !issuer || !validity || !subject || !public_key) return std::nullopt;
  parts.inner_algorithm = algorithm->whole;
  parts.public_key = public_key->whole;
  for (const uint8_t unique_id : std::initializer_list<uint8_t>{1, 2}) {
    if (tbs.PeekTag() == der::ContextPrimitive(unique_id)) (void)tbs.Next();
  }
  auto wrapper = tbs.Enter(der::ContextConstructed(3));
  if (!wrapper || !tbs.empty()) return std::nullopt;
  const auto list = wrapper->Enter(der::kSequence);
  if (!list || !wrapper->empty()) return std::nullopt;
  auto extensions = x509::ReadExtensions(*list);
  if (!extensions) return std::nullopt;
  parts.extensions = *std::move(extensions);
  return parts;
}

std::optional<std::pair<EvidenceCertificate, Parts>> ReadCertificate(ByteView bytes) {
  der::Reader outer(bytes);
  auto certificate = outer.Enter(der::kSequence);
  if (!certificate || !outer.empty()) return std::nullopt;
  const auto tbs = certificate->Next(der::kSequence), algorithm = certificate->Next(der::kSequence);
  const auto signature = certificate->BitString();
  if (!tbs || !algorithm || !signature || !certificate->empty()) return std::nullopt;
  auto parts = ReadTbs(der::Reader(tbs->content));
  if (!parts || !Equal(parts->inner_algorithm, algorithm->whole)) return std::nullopt;
  EvidenceCertificate out;
  out.public_key = parts->public_key;
  out.signed_bytes = tbs->whole;
  out.signature_algorithm = algorithm->content;
  out.signature = *signature;
  return std::pair(std::move(out), *std::move(parts));
}

// Open Enclave puts the bytes there as they are; Azure Attestation's keys have them in one more OCTET STRING.
ByteView Unwrapped(ByteView value) {
  der::Reader reader(value);
  const auto inner = reader.OctetString();
  return inner && reader.empty() ? *inner : value;
}

}  // namespace

bool EvidenceCertificate::IsSelfSigned() const {
  return VerifySelfSignature(public_key, signature_algorithm, signed_bytes, signature);
}

bool LooksLikeEvidenceCertificate(ByteView bytes) {
  const auto read = ReadCertificate(bytes);
  return read && std::ranges::any_of(read->second.extensions, [](const Extension& extension) {
           return HoldsReport(extension) || HoldsEvidence(extension);
         });
}

Result<EvidenceCertificate> ReadEvidenceCertificate(ByteView der) {
  auto read = ReadCertificate(der);
  if (!read) return Malformed("not a certificate in DER");
  EvidenceCertificate& out = read->first;
  const Extension* found = nullptr;
  for (const Extension& extension : read->second.extensions) {
    if (!HoldsReport(extension) && !HoldsEvidence(extension)) continue;
    if (found != nullptr) return Malformed("two extensions with evidence, must have one");
    found = &extension;
  }
  if (found == nullptr) return Malformed("no extension with evidence");
  out.is_evidence = HoldsEvidence(*found);
  out.evidence = Unwrapped(found->value);
  out.key_pem = EncodePem(out.public_key, "PUBLIC KEY");
  out.key_pem += '\0';
  return std::move(out);
}

}  // namespace thimble::openenclave
