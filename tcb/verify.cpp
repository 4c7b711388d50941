// SPDX-License-Identifier: Apache-2.0
#include "tcb/verify.h"

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"

namespace thimble {
namespace {

// The bytes expected, then zeros.
bool BeginsWith(ByteView actual, ByteView expected) {
  return expected.size() <= actual.size() && EqualConstantTime(actual.first(expected.size()), expected) &&
         AllZero(actual.subspan(expected.size()));
}

// Genuine evidence about other data than these is, for these, as good as none: the same as where it is wrapped.
template <class Message>
void RequireBound(Verdict& verdict, bool holds, const Message& message) {
  if (!HardUnless(verdict, Check::kReportData, holds, message)) Retract(verdict);
}

}  // namespace

Result<EvidenceKind> DetectEvidence(ByteView evidence) {
  if (const auto kind = input::KindOf(evidence)) return *kind;
  return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
               StrCat("the evidence ", input::Sentence(input::ContentsOf(evidence)),
                      ": no quote, SNP report, HCL report, Open Enclave evidence, TPM quote or VBS report")};
}

ByteView ReportDataOf(const Verdict& verdict) {
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&verdict.claims)) return sgx->report_data.view();
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&verdict.claims)) return tdx->report_data.view();
  if (const auto* snp = std::get_if<amd::SnpClaims>(&verdict.claims)) return snp->report_data.view();
  if (verdict.vbs != nullptr) return verdict.vbs->enclave_data.view();
  return {};
}

void CheckReportData(Verdict& verdict, ByteView expected) {
  if (verdict.hard() != nullptr) return;
  const ByteView actual = ReportDataOf(verdict);
  RequireBound(verdict, BeginsWith(actual, expected), [&] {
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
  RequireBound(verdict, bound, [&] {
    return StrCat("report data: evidence ", HexLower(actual),
                  ", expected a hash of the runtime data, whose SHA-256 is ", sha256.hex());
  });
}

}  // namespace thimble
