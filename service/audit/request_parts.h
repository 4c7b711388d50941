// SPDX-License-Identifier: Apache-2.0
//
// What came with a request beside the bytes of its evidence, and is judged as evidence: a decision is repeated with the same
// parts or not at all. Collateral is none; the record says that it was brought.
#pragma once

#include <map>
#include <string_view>

#include "service/verification/verification.h"
#include "tcb/base/bytes.h"

namespace thimble {

// SHA-256 of each part that is there, by its name: records have it as "<name>_sha256" (docs/AUDIT.md).
using RequestParts = std::map<std::string_view, Digest256>;
RequestParts PartsOf(const VerificationRequest& request);

// All that there are.
inline constexpr std::string_view kPartNames[] = {
    "runtime_data",        "uvm_endorsement", "security_policy", "td_quote",     "tpm_quote_message",
    "tpm_quote_signature", "tpm_quote_pcrs",  "event_log",       "ak_cert",      "ak_chain",
    "ak_public",           "signer",          "enclave_key",     "report_signed"};

}  // namespace thimble
