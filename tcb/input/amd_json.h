// SPDX-License-Identifier: Apache-2.0
//
// What a caller hands in beside AMD's evidence: endorsements, a vTPM's quote and its PCRs (DESIGN section 4), in JSON
// or as the text of a certificate or CRL.
#pragma once

#include <string_view>

#include "tcb/amd/verify.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/tpm/quote.h"

namespace thimble {

// Adds certificates (PEM, any number of them, or one in DER) or a CRL (PEM or DER). Malformed
// (collateral.malformed): it is neither, or a second CRL.
Status AddEndorsement(ByteView bytes, amd::EndorsementSet& set);

// A list of texts, each PEM, a THIM document, or base64 of either or of DER: hints, whose contents are not judged here.
// Malformed (request.invalid): it is no such list.
Result<amd::EndorsementSet> ReadEndorsements(const json::Value& list);

// {"message": base64, "signature": base64, "pcrs"?: as below}. Malformed: request.invalid, one of `checks`.
Result<tpm::Quote> ReadTpmQuote(const json::Value& object, const tpm::QuoteChecks& checks = tpm::kHclChecks);

// {"sha256": {"7": hex, ...}, ...}, or of a bank a list of 24, null where a PCR is not named; or that list alone, of the
// bank whose values have this length. Malformed: request.invalid.
Result<tpm::PcrValues> ReadPcrs(const json::Value& value);

}  // namespace thimble
