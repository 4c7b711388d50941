// SPDX-License-Identifier: Apache-2.0
//
// A vTPM's quote: TPMS_ATTEST of type quote, its signature, and the PCRs it is about (TPM 2.0 part 2,
// section 10.12; spec/azure-thim.md section 4).
#pragma once

#include <array>
#include <optional>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/crypto.h"
#include "tcb/base/result.h"

namespace thimble::amd {

using PcrBank = std::array<Digest256, 24>;  // SHA-256

struct TpmQuote {
  Bytes message;                // TPMS_ATTEST, what is signed
  Bytes signature;              // RSASSA-PKCS1-v1_5 with SHA-256, the bare number
  TpmQuoteClaims claims;        // of the message
  std::optional<PcrBank> pcrs;  // as the caller gives them
};

// Malformed (hcl.format) unless the message is a whole TPMS_ATTEST of a quote over one selection of the
// SHA-256 bank.
Result<TpmQuote> ParseTpmQuote(Bytes message, Bytes signature, std::optional<PcrBank> pcrs);

// The digest that a quote of this selection has when the PCRs are these.
Digest256 PcrDigest(const PcrBank& pcrs, const std::array<bool, 24>& selection);

}  // namespace thimble::amd
