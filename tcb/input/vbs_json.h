// SPDX-License-Identifier: Apache-2.0
//
// A VBS enclave's report with what goes beside it, in JSON (docs/EVIDENCE.md): {"vbs_report", "signer", "enclave_key",
// "report_signed"}; and SQL Server's answer, whose blobs are these (spec/vbs-and-tpm.md section 1.2).
#pragma once

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/input/evidence.h"

namespace thimble::input {

// "signer": PEM, base64 of DER, or a list of these, the signer's own first; "report_signed": the exact text.
// Malformed: evidence.format, collateral.malformed.
Result<Evidence> ReadVbsEvidence(const json::Value& object);

}  // namespace thimble::input
