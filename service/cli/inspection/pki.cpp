// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "service/cli/inspection/parts.h"
#include "tcb/amd/endorsement.h"
#include "tcb/base/percent.h"
#include "tcb/check.h"
#include "tcb/input/text_form.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/pem.h"
#include "tcb/pki/usages.h"

namespace thimble::inspection {
namespace {

using json::Writer;

constexpr std::string_view kEncodedPem = "-----BEGIN%20";

void WriteWindow(Writer& json, std::string_view from, std::string_view to, const Validity& window) {
  json.Key(from).String(FormatRfc3339(window.not_before));
  json.Key(to).String(FormatRfc3339(window.not_after));
}

// What a VCEK or VLEK endorses.
void WriteEndorsement(Writer& json, const Certificate& leaf) {
  const auto endorsement = amd::ParseEndorsement(leaf, Check::kEvidenceFormat);
  if (!endorsement) {
    json.Key("endorses").String(endorsement.error().message);
    return;
  }
  json.Key("endorses").BeginObject();
  json.Key("product").String(endorsement->product_name);
  if (!endorsement->hwid.empty()) json.Key("hwid").Hex(endorsement->hwid);
  if (endorsement->csp_id) json.Key("csp_id").String(*endorsement->csp_id);
  if (endorsement->fmc) json.Key("fmc").Unsigned(*endorsement->fmc);
  if (endorsement->bootloader) json.Key("bootloader").Unsigned(*endorsement->bootloader);
  if (endorsement->tee) json.Key("tee").Unsigned(*endorsement->tee);
  if (endorsement->snp) json.Key("snp").Unsigned(*endorsement->snp);
  if (endorsement->microcode) json.Key("microcode").Unsigned(*endorsement->microcode);
  json.EndObject();
}

// What the certificate of a TPM's key is for (spec/vbs-and-tpm.md sections 2, 3). Nothing is judged by one of an
// endorsement key: no signature joins it to a quote.
void WriteTpmPurpose(Writer& json, const Certificate& certificate) {
  constexpr std::array<uint8_t, 5> kEndorsement = {0x67, 0x81, 0x05, 0x08, 0x01},
                                   kAttestation = {0x67, 0x81, 0x05, 0x08, 0x03};
  if (certificate.is_ca() == true) return;  // CAs have the purposes of what they issue
  if (HasExtendedKeyUsage(certificate, kEndorsement)) json.Key("purpose").String("tpm_endorsement_key");
  if (HasExtendedKeyUsage(certificate, kAttestation)) json.Key("purpose").String("tpm_attestation_key");
}

void WriteCertificateFields(Writer& json, const Certificate& certificate) {
  json.Key("subject").String(certificate.subject_cn());
  json.Key("issuer").String(certificate.issuer_cn());
  json.Key("serial").Hex(certificate.serial());
  WriteWindow(json, "not_before", "not_after", certificate.validity());
  json.Key("sha256").Hex(certificate.sha256().view());
  json.Key("spki_sha256").Hex(certificate.spki_sha256().view());
  if (!certificate.crl_url().empty()) json.Key("crl_url").String(certificate.crl_url());
  if (amd::IsLeafName(certificate.subject_cn())) WriteEndorsement(json, certificate);
  WriteTpmPurpose(json, certificate);
}

// As in a header: "-----BEGIN%20CERTIFICATE-----%0A".
std::string Decoded(ByteView bytes) {
  const std::string_view text = input::Trimmed(AsText(bytes));
  if (text.starts_with(kEncodedPem)) {
    if (auto decoded = PercentDecode(text)) return *std::move(decoded);
  }
  return std::string(AsText(bytes));
}

// Explanatory text, as `openssl x509 -text` writes it, says nothing that is checked (RFC 7468 section 2).
void WriteTextBefore(Writer& json, std::string_view text) {
  const size_t before = text.find("-----BEGIN ");
  if (before == std::string_view::npos || input::Trimmed(text.substr(0, before)).empty()) return;
  json.Key("text_before_pem").Unsigned(before);
}

}  // namespace

Status WriteCertificates(Writer& json, std::string_view kind, const std::vector<Bytes>& list) {
  std::vector<CertificatePtr> parsed;
  for (const Bytes& der : list) {
    auto certificate = Certificate::Parse(der, Check::kEvidenceFormat);
    if (!certificate) {  // of another maker than Intel and AMD
      auto other = Certificate::Parse(der, CertificateProfile::kTpmMaker, Check::kEvidenceFormat);
      if (!other) return certificate.error();
      certificate = std::move(other);
    }
    parsed.push_back(std::move(certificate).value());
  }
  json.Key("kind").String(kind);
  json.Key("certificates").BeginArray();
  for (const CertificatePtr& certificate : parsed) {
    json.BeginObject();
    WriteCertificateFields(json, *certificate);
    json.EndObject();
  }
  json.EndArray();
  return {};
}

Status WriteCrl(Writer& json, ByteView bytes) {
  TRY_ASSIGN(const Bytes der, DecodeCrl(bytes, Check::kEvidenceFormat));
  TRY_ASSIGN(const CrlPtr crl, Crl::Parse(der, Check::kEvidenceFormat));
  json.Key("kind").String("crl");
  json.Key("issuer").String(crl->issuer_cn());
  if (crl->has_number()) json.Key("number").Hex(crl->number());
  if (!crl->incomplete().empty()) json.Key("incomplete").String(crl->incomplete());
  WriteWindow(json, "this_update", "next_update", crl->window());
  json.Key("revoked").BeginArray();
  for (const std::string_view serial : crl->revoked()) json.Hex(AsBytes(serial));
  json.EndArray();
  json.Key("sha256").Hex(crl->sha256().view());
  return {};
}

bool LooksLikePki(ByteView bytes) {
  const std::string_view text = AsText(bytes);
  return input::LooksLikeDer(bytes) || input::IsPkiPem(text) || input::Trimmed(text).starts_with(kEncodedPem);
}

Status WritePki(Writer& json, ByteView encoded) {
  const std::string text = Decoded(WithoutNvPadding(encoded).value_or(encoded));
  const ByteView bytes = AsBytes(text);
  const auto certificates = DecodeCertificates(bytes, kMaxCertificates, Check::kEvidenceFormat);
  const bool written = (certificates && !certificates->empty() &&
                        WriteCertificates(json, "certificates", *certificates).ok()) ||
                       WriteCrl(json, bytes).ok();
  if (written) {
    WriteTextBefore(json, text);
    return {};
  }
  return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
               "neither certificates nor a CRL that can be decoded"};
}

}  // namespace thimble::inspection
