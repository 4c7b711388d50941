// SPDX-License-Identifier: Apache-2.0
//
// What a caller hands in beside AMD's evidence: endorsements, a vTPM's quote and its PCRs (DESIGN section 4), in JSON
// or as the text of a certificate or CRL.
#pragma once

#include <string_view>

#include "tcb/amd/tpm_quote.h"
#include "tcb/amd/verify.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"

namespace thimble {

// Adds certificates (PEM, any number of them, or one in DER) or a CRL (PEM or DER). Malformed
// (collateral.malformed): it is neither, or a second CRL.
Status AddEndorsement(ByteView bytes, amd::EndorsementSet& set);

// A list of texts, each PEM, a THIM document, or base64 of either or of DER: hints, whose contents are not judged here.
// Malformed (request.invalid): it is no such list.
Result<amd::EndorsementSet> ReadEndorsements(const json::Value& list);

// {"message": base64, "signature": base64, "pcrs"?: [24 hex]}. Malformed: request.invalid, hcl.format.
Result<amd::TpmQuote> ReadTpmQuote(const json::Value& object);

// [24 hex] of the SHA-256 bank. Malformed: request.invalid.
Result<amd::PcrBank> ReadPcrs(const json::Value& list);

}  // namespace thimble
