// SPDX-License-Identifier: Apache-2.0
#include "tcb/verify.h"

#include <algorithm>

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"

namespace thimble {
namespace {

constexpr size_t kSnpReportSize = 1184;
constexpr std::string_view kHclSignature = "HCLA";

ByteView ReportDataOf(const Verdict& verdict) {
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) return sgx->report_data.view();
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&verdict.claims)) return tdx->report_data.view();
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) return snp->report_data.view();
  return {};
}

}  // namespace

// A quote begins with its version (u16, 3 to 5) and key type 2 (u16); an SNP report with its version (u32, 2
// and up). Read as two u16 the second half of an SNP version is 0, so the two do not meet.
Result<EvidenceKind> DetectEvidence(ByteView evidence) {
  if (AsText(evidence).starts_with(kHclSignature)) return EvidenceKind::kHclReport;
  ByteReader reader(evidence);
  const auto version = reader.U16(), second = reader.U16();
  if (!version || !second) {
    return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
                 StrCat("evidence of ", evidence.size(), " bytes")};
  }
  if (*second == 0 && evidence.size() >= kSnpReportSize) return EvidenceKind::kSnpReport;
  if (*second != 0 || *version >= 3) return EvidenceKind::kQuote;
  return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
               StrCat("evidence of ", evidence.size(), " bytes, first word ", *version,
                      ": no quote, SNP report or HCL report")};
}

void CheckReportData(Verdict& verdict, ByteView expected) {
  if (verdict.hard() != nullptr) return;
  const ByteView actual = ReportDataOf(verdict);
  const bool same = expected.size() <= actual.size() &&
                    EqualConstantTime(actual.first(std::min(expected.size(), actual.size())), expected) &&
                    AllZero(actual.subspan(std::min(expected.size(), actual.size())));
  HardUnless(verdict, Check::kReportData, same, [&] {
    return StrCat("report data: evidence ", HexLower(actual), ", expected ", HexLower(expected),
                  " and zeros");
  });
}

}  // namespace thimble
