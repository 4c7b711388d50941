// SPDX-License-Identifier: Apache-2.0
//
// Azure's HCL report: what a confidential VM's paravisor leaves in the vTPM around a hardware report
// (spec/azure-thim.md section 4). The chain of trust: hardware report -> runtime data (JSON) -> the vTPM's
// attestation key in it -> vTPM quote -> PCRs. The hardware report is verified by amd/verify.h, or, for TDX,
// a TD quote beside it by intel/verify.h; this adds the rest to the verdict of that.
#pragma once

#include <memory>
#include <optional>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/tpm/key.h"
#include "tcb/tpm/quote.h"
#include "tcb/verdict.h"

namespace thimble::amd {

enum class HclReportType : uint8_t { kSnp = 2, kTdx = 4 };

// The views are valid as long as the evidence.
struct HclReport {
  HclReportType type = HclReportType::kSnp;
  ByteView hardware_report;  // ATTESTATION_REPORT, 1184 bytes, or TDREPORT, 1024
  ByteView report_data;      // 64 bytes of it
  std::shared_ptr<const HclClaims> claims;
};

// Malformed (hcl.format) when the header's lengths or types do not fit, or the runtime data is not JSON with
// HCLAkPub.
Result<HclReport> ParseHclReport(ByteView evidence);

// HCLAkPub, which the report vouches for.
tpm::VouchedKey VouchedBy(const HclClaims& claims);

// Adds hcl.* to the verdict of the hardware evidence; a hard finding of its own is the last. A verdict with a
// hard finding only learns what the report says. May be asked twice: of the verdict after step 1, so that
// nothing is sought for evidence that fails here, and of the final one. `quote` may be null; with a nonce, a
// quote is required.
void CheckHcl(Verdict& verdict, const HclReport& report, const tpm::Quote* quote,
              const std::optional<Bytes>& nonce);

// A TDREPORT without its TD quote: only the platform can tell whether it is genuine.
//   kUnavailable  hcl.quote_missing, unless the rest has failed already: then that verdict
Result<Verdict> JudgeWithoutTdQuote(const HclReport& report, const tpm::Quote* quote,
                                    const std::optional<Bytes>& nonce, Instant at);

}  // namespace thimble::amd
