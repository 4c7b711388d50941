// SPDX-License-Identifier: Apache-2.0
//
// A TPM's quote without a hardware report, in JSON (docs/EVIDENCE.md): {"tpm_quote": {"message", "signature", "pcrs"},
// "ak_cert", "ak_chain", "ak_public", "event_log"}.
#pragma once

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/input/evidence.h"

namespace thimble::input {

// The members about the key, which may also lie beside an HCL report: each PEM, or base64 of what it is; ak_chain also a
// list of these. Malformed: tpm.format, evidence.format; request.invalid: a chain without the certificate that it is of.
Status ReadTpmKey(const json::Value& object, tpm::KeyEvidence& out);

// The whole of it. Malformed: tpm.format, tpm.signature_format, evidence.format.
Result<Evidence> ReadTpmEvidence(const json::Value& object);

}  // namespace thimble::input
