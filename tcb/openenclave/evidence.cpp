// SPDX-License-Identifier: Apache-2.0
#include "tcb/openenclave/evidence.h"

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/openenclave/wrapping.h"

namespace thimble::openenclave {
namespace {

Status CheckSize(ByteView evidence) {
  if (evidence.size() <= kMaxEvidence) return {};
  return Error{ErrorKind::kMalformed, Check::kOeFormat,
               StrCat("evidence of ", evidence.size(), " bytes, at most ", kMaxEvidence,
                      " are in Open Enclave wrapping")};
}

Evidence Of(const Wrapped& wrapped) {
  Evidence out;
  out.quote = wrapped.quote;
  out.custom_claims = wrapped.custom_claims;
  out.claims.format_id = wrapped.format_id;
  if (wrapped.custom_claims) {
    out.claims.custom_claims = CustomClaims{.size = wrapped.custom_claims->size(),
                                            .sha256 = Sha256(*wrapped.custom_claims),
                                            .bytes = {},
                                            .list = {}};
  }
  if (wrapped.format) out.claims.format = *wrapped.format;
  return out;
}

// An extension for OE evidence holds nothing else; one for reports holds a report, or a bare quote.
Result<Wrapped> InCertificate(const EvidenceCertificate& certificate) {
  if (certificate.is_evidence) return ParseEvidenceHeader(certificate.evidence);
  return LooksLikeReport(certificate.evidence) ? ParseReport(certificate.evidence)
                                               : ParseBareQuote(certificate.evidence);
}

Result<Evidence> OfCertificate(ByteView der) {
  TRY_ASSIGN(EvidenceCertificate certificate, ReadEvidenceCertificate(der));
  TRY_ASSIGN(const Wrapped wrapped, InCertificate(certificate));
  Evidence out = Of(wrapped);
  out.claims.format = Format::kCertificate;
  out.claims.in_certificate = wrapped.format;
  out.claims.certificate_sha256 = Sha256(der);
  out.claims.certificate_key_sha256 = Sha256(AsBytes(certificate.key_pem));
  out.certificate = std::move(certificate);
  return out;
}

void DeclareChecks(CheckLog& checks, const Evidence& evidence) {
  checks.Set(Check::kOeFormat, CheckResult::kPassed);
  const Claims& claims = evidence.claims;
  if (claims.format == Format::kReport || claims.in_certificate == Format::kReport)
    checks.Set(Check::kOeReportType, CheckResult::kPassed);
  if (!claims.format_id.empty()) checks.Set(Check::kOeFormatId, CheckResult::kPassed);
  if (claims.custom_claims) checks.SetNotRun(Check::kOeCustomClaims, "not reached");
  if (!evidence.certificate) return;
  checks.SetNotRun(Check::kOeCertificateSignature, "not reached");
  checks.SetNotRun(Check::kOeCertificateKey, "not reached");
}

// A digest, then zeros.
bool IsDigest(ByteView report_data, const Digest256& digest) {
  return report_data.size() > Digest256::kSize &&
         EqualConstantTime(report_data.first(Digest256::kSize), digest.view()) &&
         AllZero(report_data.subspan(Digest256::kSize));
}

bool CheckCustomClaims(Verdict& verdict, ByteView report_data, Claims& claims, ByteView bytes) {
  CustomClaims& custom = *claims.custom_claims;
  const bool bound = HardUnless(verdict, Check::kOeCustomClaims, IsDigest(report_data, custom.sha256), [&] {
    return StrCat("custom claims of ", custom.size, " bytes: report data ", HexLower(report_data),
                  ", expected their SHA-256 ", custom.sha256.hex(), " and zeros");
  });
  if (!bound) return false;
  custom.bytes.assign(bytes.begin(), bytes.end());
  custom.list = ParseCustomClaims(bytes).value_or(std::vector<CustomClaim>());
  return true;
}

// Without it, anybody's evidence adorns anybody's key.
bool BindsKey(const Evidence& evidence, ByteView report_data) {
  if (evidence.custom_claims) return Equal(*evidence.custom_claims, AsBytes(evidence.certificate->key_pem));
  return IsDigest(report_data, *evidence.claims.certificate_key_sha256);
}

// The report data of the quote; its claims are there, for it has been verified.
ByteView QuotedReportData(const Verdict& verdict) {
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) return sgx->report_data.view();
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&verdict.claims)) return tdx->report_data.view();
  return {};
}

void CheckBindings(Verdict& verdict, const Evidence& evidence, Claims& claims) {
  if (evidence.certificate) {
    const bool holds = evidence.certificate->IsSelfSigned();
    if (!HardUnless(verdict, Check::kOeCertificateSignature, holds,
                    [] { return std::string("certificate: not signed with its own key"); }))
      return;
  }
  const ByteView report_data = QuotedReportData(verdict);
  if (evidence.custom_claims && !CheckCustomClaims(verdict, report_data, claims, *evidence.custom_claims))
    return;
  if (!evidence.certificate) return;
  HardUnless(verdict, Check::kOeCertificateKey, BindsKey(evidence, report_data), [&] {
    return StrCat("certificate: the evidence in it is not about its key, whose SHA-256 as PEM is ",
                  claims.certificate_key_sha256->hex(), "; report data ", HexLower(report_data));
  });
}

}  // namespace

bool IsOpenEnclave(ByteView evidence) {
  return LooksLikeReport(evidence) || LooksLikeEvidence(evidence) || LooksLikeEvidenceCertificate(evidence) ||
         (evidence.size() <= kMaxEvidence && LooksLikePluginEvidence(evidence));
}

Result<Evidence> ParseEvidence(ByteView evidence) {
  TRY(CheckSize(evidence));
  if (LooksLikeEvidenceCertificate(evidence)) return OfCertificate(evidence);
  if (LooksLikeReport(evidence)) {
    TRY_ASSIGN(const Wrapped report, ParseReport(evidence));
    return Of(report);
  }
  if (!LooksLikeEvidence(evidence)) return ParseAsPluginEvidence(evidence);
  TRY_ASSIGN(const Wrapped wrapped, ParseEvidenceHeader(evidence));
  return Of(wrapped);
}

Result<Evidence> ParseAsPluginEvidence(ByteView evidence) {
  TRY(CheckSize(evidence));
  TRY_ASSIGN(const Wrapped wrapped, ParsePluginEvidence(evidence));
  return Of(wrapped);
}

Result<ByteView> QuoteIn(ByteView evidence) {
  if (!IsOpenEnclave(evidence)) return evidence;
  TRY_ASSIGN(const Evidence parsed, ParseEvidence(evidence));
  return parsed.quote;
}

void CheckOpenEnclave(Verdict& verdict, const Evidence& evidence) {
  auto claims = std::make_shared<Claims>(evidence.claims);
  DeclareChecks(verdict.checks, evidence);
  if (verdict.hard() == nullptr) {
    CheckBindings(verdict, evidence, *claims);
    if (verdict.hard() != nullptr) Retract(verdict);
  }
  verdict.open_enclave = std::move(claims);
}

}  // namespace thimble::openenclave
