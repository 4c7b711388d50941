// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/hcl.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tcb/amd/judgement.h"
#include "tcb/amd/report.h"
#include "tcb/amd/runtime_data.h"
#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr std::string_view kSignature = "HCLA";
constexpr size_t kReservedHeader = 24;  // report size, request type, status, and what is reserved behind them
constexpr uint32_t kDataHeaderSize = 20;
constexpr uint32_t kSha256Type = 1, kSha512Type = 3;
constexpr size_t kTdReportSize = 1024, kTdReportDataOffset = 0x80, kSnpReportDataOffset = 0x50,
                 kReportDataSize = 64;
constexpr uint8_t kTdReportType = 0x81;

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kHclFormat, StrCat("HCL report: ", message)};
}
Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

// The block between header and runtime data: SNP fills all of it.
Status ReadHardwareReport(ByteView block, uint32_t type, HclReport& report) {
  if (type == static_cast<uint32_t>(HclReportType::kSnp)) {
    report.type = HclReportType::kSnp;
    report.hardware_report = block;
    report.report_data = block.subspan(kSnpReportDataOffset, kReportDataSize);
    return {};
  }
  if (type != static_cast<uint32_t>(HclReportType::kTdx)) {
    return Malformed(StrCat("report type ", type, ", expected 2 (SNP) or 4 (TDX)"));
  }
  if (block.front() != kTdReportType)
    return Malformed(StrCat("TDREPORT of type ", block.front(), ", expected 129"));
  report.type = HclReportType::kTdx;
  report.hardware_report = block.first(kTdReportSize);
  report.report_data = block.subspan(kTdReportDataOffset, kReportDataSize);
  return {};
}

void DeclareChecks(CheckLog& checks, bool tdx) {
  constexpr std::array kAll = {Check::kHclBinding, Check::kHclTpmSignature, Check::kHclTpmPcrDigest,
                               Check::kHclTpmNonce};
  for (const Check check : kAll) checks.SetNotRun(check, "not reached");
  checks.Set(Check::kHclFormat, CheckResult::kPassed);
  if (!tdx) return checks.SetNotRun(Check::kHclVmpl, "not reached");
  checks.SetNotRun(Check::kHclQuoteMissing, "not reached");
  checks.SetNotRun(Check::kHclTdQuote, "no TD quote given");
}

// REPORT_DATA is the hash of the exact bytes of the runtime data, then zeros. The header with the hash type
// is not authenticated, so only the type that is in use is taken.
Status CheckBinding(const HclReport& report) {
  const HclClaims& claims = *report.claims;
  if (claims.hash_type != kSha256Type) {
    return Rejected(Check::kHclBinding, StrCat("hash type ", claims.hash_type, ", expected 1 (SHA-256)"));
  }
  const Digest256& digest = claims.runtime_data_sha256;
  if (Equal(report.report_data.first(digest.kSize), digest.view()) &&
      AllZero(report.report_data.subspan(digest.kSize))) {
    return {};
  }
  return Rejected(Check::kHclBinding, StrCat("report data ", HexLower(report.report_data),
                                             ", SHA-256 of the runtime data ", digest.hex()));
}

Status CheckTdQuote(const HclReport& report, const Verdict& verdict) {
  const auto* td = std::get_if<intel::TdxClaims>(&verdict.claims);
  if (td == nullptr) return Rejected(Check::kHclTdQuote, "the quote beside the TDREPORT is not of a TD");
  if (Equal(td->report_data.view(), report.report_data)) return {};
  return Rejected(Check::kHclTdQuote, StrCat("report data: TD quote ", td->report_data.hex(), ", TDREPORT ",
                                             HexLower(report.report_data)));
}

// The paravisor runs at VMPL 0, and makes its report there. One of another VMPL was made by somebody else, who cannot
// speak for the vTPM.
Status CheckVmpl(const Verdict& verdict) {
  const auto* snp = std::get_if<SnpClaims>(&verdict.claims);
  if (snp != nullptr && snp->vmpl == 0) return {};
  return Rejected(Check::kHclVmpl, StrCat("VMPL ", snp == nullptr ? 0 : snp->vmpl,
                                          ": the report in an HCL report is of VMPL 0, the paravisor's"));
}

// -- the vTPM's quote --

Status Unless(Check check, std::string problem) {
  return problem.empty() ? Status() : Rejected(check, std::move(problem));
}

Status CheckTpmSignature(const tpm::Quote& quote, const HclClaims& claims) {
  const tpm::VouchedKey vouched = VouchedBy(claims);
  if (!vouched.key)
    return Rejected(Check::kHclTpmSignature, StrCat(vouched.name, " is no key that can be judged"));
  return Unless(Check::kHclTpmSignature,
                tpm::SignatureProblem(quote.signature, quote.message, *vouched.key, vouched.name));
}

Status CheckNonce(const tpm::Quote* quote, ByteView nonce) {
  if (quote == nullptr)
    return Rejected(Check::kHclTpmNonce, "a nonce is expected, and there is no vTPM quote to hold it");
  return Unless(Check::kHclTpmNonce, tpm::NonceProblem(*quote, nonce));
}

// Signature, PCRs, nonce. Adds the PCRs that are proven to the claims.
void CheckTpm(Verdict& verdict, HclClaims& claims, const tpm::Quote* quote,
              const std::optional<Bytes>& nonce) {
  CheckLog& checks = verdict.checks;
  if (quote == nullptr) {
    checks.SetNotRun(Check::kHclTpmSignature, "no vTPM quote given");
    checks.SetNotRun(Check::kHclTpmPcrDigest, "no vTPM quote given");
  } else {
    if (!Require(verdict, Check::kHclTpmSignature, CheckTpmSignature(*quote, claims))) return;
    if (!quote->pcrs) {
      checks.SetNotRun(Check::kHclTpmPcrDigest, "no PCRs given");
    } else if (!Require(verdict, Check::kHclTpmPcrDigest,
                        Unless(Check::kHclTpmPcrDigest, tpm::PcrProblem(*quote)))) {
      return;
    } else {
      claims.pcrs = *quote->pcrs;
    }
  }
  if (!nonce) {
    checks.SetNotRun(Check::kHclTpmNonce, "no nonce expected");
  } else {
    (void)Require(verdict, Check::kHclTpmNonce, CheckNonce(quote, *nonce));
  }
}

}  // namespace

tpm::VouchedKey VouchedBy(const HclClaims& claims) {
  if (claims.ak_point.empty()) {
    tpm::VouchedKey vouched{{}, StrCat("HCLAkPub (modulus SHA-256 ", claims.ak_modulus_sha256.hex(), ")")};
    if (auto rsa = RsaPublicKey::FromNumbers(claims.ak_modulus, claims.ak_exponent))
      vouched.key = *std::move(rsa);
    return vouched;
  }
  tpm::VouchedKey vouched{{}, StrCat("HCLAkPub (point ", HexLower(claims.ak_point), ")")};
  const bool p256 = claims.ak_point.size() == 64;
  if (auto ec = EcPublicKey::FromPoint(p256 ? Curve::kP256 : Curve::kP384, claims.ak_point))
    vouched.key = *std::move(ec);
  return vouched;
}

Result<HclReport> ParseHclReport(ByteView evidence) {
  ByteReader reader(evidence);
  const auto signature = reader.Take(kSignature.size());
  const auto version = reader.U32();
  const auto header = reader.Take(kReservedHeader);
  const auto block = reader.Take(kReportSize);
  const auto data_size = reader.U32(), data_version = reader.U32(), report_type = reader.U32();
  const auto hash_type = reader.U32(), runtime_size = reader.U32();
  if (!header || !block || !runtime_size) return Malformed(StrCat("cut short: ", evidence.size(), " bytes"));
  if (AsText(*signature) != kSignature) return Malformed("does not begin with HCLA");
  if (*version < 1 || *version > 2) return Malformed(StrCat("version ", *version, ", supported are 1 and 2"));
  if (*data_version != 1) return Malformed(StrCat("data version ", *data_version, ", expected 1"));
  if (*hash_type < kSha256Type || *hash_type > kSha512Type)
    return Malformed(StrCat("hash type ", *hash_type));
  const auto runtime_data = reader.Take(*runtime_size);
  if (!runtime_data || uint64_t{*data_size} != uint64_t{*runtime_size} + kDataHeaderSize) {
    return Malformed(StrCat("runtime data of ", *runtime_size, " bytes in a block of ", *data_size, " in ",
                            evidence.size()));
  }
  HclReport report;
  TRY(ReadHardwareReport(*block, *report_type, report));
  HclClaims claims;
  claims.version = *version;
  claims.hash_type = *hash_type;
  TRY(ReadRuntimeData(*runtime_data, claims));
  report.claims = std::make_shared<const HclClaims>(std::move(claims));
  return report;
}

void CheckHcl(Verdict& verdict, const HclReport& report, const tpm::Quote* quote,
              const std::optional<Bytes>& nonce) {
  const bool tdx = report.type == HclReportType::kTdx;
  auto claims = std::make_shared<HclClaims>(*report.claims);
  if (quote != nullptr) claims->tpm_quote = quote->claims;
  verdict.hcl = claims;
  DeclareChecks(verdict.checks, tdx);
  if (verdict.hard() != nullptr) return;
  if (!tdx && !Require(verdict, Check::kHclVmpl, CheckVmpl(verdict))) return;
  if (!Require(verdict, Check::kHclBinding, CheckBinding(report))) return;
  const bool has_td_quote = !std::holds_alternative<std::monostate>(verdict.claims);
  if (tdx && has_td_quote) {
    verdict.checks.Set(Check::kHclQuoteMissing, CheckResult::kPassed);
    if (!Require(verdict, Check::kHclTdQuote, CheckTdQuote(report, verdict))) return;
  }
  CheckTpm(verdict, *claims, quote, nonce);
}

Result<Verdict> JudgeWithoutTdQuote(const HclReport& report, const tpm::Quote* quote,
                                    const std::optional<Bytes>& nonce, Instant at) {
  Verdict verdict;
  verdict.tee = Tee::kTdx;
  verdict.at = at;
  CheckHcl(verdict, report, quote, nonce);
  if (verdict.hard() != nullptr) return verdict;
  return Error{ErrorKind::kUnavailable, Check::kHclQuoteMissing,
               "missing: the TD quote of this TDREPORT; only a quote shows that it is genuine"};
}

}  // namespace thimble::amd
