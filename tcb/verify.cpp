// SPDX-License-Identifier: Apache-2.0
#include "tcb/verify.h"

#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/openenclave/evidence.h"

namespace thimble {
namespace {

constexpr size_t kSnpReportSize = 1184;
constexpr std::string_view kHclSignature = "HCLA";

// The bytes expected, then zeros.
bool BeginsWith(ByteView actual, ByteView expected) {
  return expected.size() <= actual.size() && EqualConstantTime(actual.first(expected.size()), expected) &&
         AllZero(actual.subspan(expected.size()));
}

}  // namespace

// A quote begins with its version (u16, 3 to 5) and key type 2 (u16); an SNP report with its version (u32, 2
// and up). Read as two u16 the second half of an SNP version is 0, so the two do not meet, and a report that is cut
// short is one still.
Result<EvidenceKind> DetectEvidence(ByteView evidence) {
  if (AsText(evidence).starts_with(kHclSignature)) return EvidenceKind::kHclReport;
  if (openenclave::IsOpenEnclave(evidence)) return EvidenceKind::kOpenEnclave;
  ByteReader reader(evidence);
  const auto version = reader.U16(), second = reader.U16();
  if (!version || !second) {
    return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
                 StrCat("evidence of ", evidence.size(), " bytes")};
  }
  if (*second == 0 && (*version >= 2 || evidence.size() >= kSnpReportSize)) return EvidenceKind::kSnpReport;
  if (*second != 0) return EvidenceKind::kQuote;
  return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
               StrCat("evidence of ", evidence.size(), " bytes, first word ", *version,
                      ": no quote, SNP report, HCL report or Open Enclave evidence")};
}

ByteView ReportDataOf(const Verdict& verdict) {
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) return sgx->report_data.view();
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&verdict.claims)) return tdx->report_data.view();
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) return snp->report_data.view();
  return {};
}

void CheckReportData(Verdict& verdict, ByteView expected) {
  if (verdict.hard() != nullptr) return;
  const ByteView actual = ReportDataOf(verdict);
  HardUnless(verdict, Check::kReportData, BeginsWith(actual, expected), [&] {
    return StrCat("report data: evidence ", HexLower(actual), ", expected ", HexLower(expected),
                  " and zeros");
  });
}

void CheckRuntimeData(Verdict& verdict, ByteView runtime_data) {
  if (verdict.hard() != nullptr) return;
  const ByteView actual = ReportDataOf(verdict);
  const Digest256 sha256 = Sha256(runtime_data);
  const bool bound = BeginsWith(actual, sha256.view()) || BeginsWith(actual, Sha384(runtime_data).view()) ||
                     BeginsWith(actual, Sha512(runtime_data).view());
  HardUnless(verdict, Check::kReportData, bound, [&] {
    return StrCat("report data: evidence ", HexLower(actual),
                  ", expected a hash of the runtime data, whose SHA-256 is ", sha256.hex());
  });
}

}  // namespace thimble
