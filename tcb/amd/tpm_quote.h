// SPDX-License-Identifier: Apache-2.0
//
// A vTPM's quote: TPMS_ATTEST of type quote, its signature in either form, and the PCRs that a caller holds against it
// (TPM 2.0 part 2; spec/vbs-and-tpm.md section 2.1, 2.2).
#pragma once

#include <optional>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble::amd {

enum class TpmScheme : uint8_t { kRsassa, kRsapss, kEcdsa };
std::string_view TpmSchemeName(TpmScheme scheme);  // "RSASSA", "RSAPSS", "ECDSA"

struct TpmSignature {
  std::optional<TpmScheme> scheme;  // absent: a bare RSA signature, which does not say
  uint16_t hash = 0;                // TPM_ALG_ID; of a bare one, that of the quote's digest
  Bytes rsa;                        // the number; empty for ECDSA
  Bytes r, s;                       // without leading zeros; empty for RSA
};

struct TpmQuote {
  Bytes message;  // TPMS_ATTEST, what is signed
  TpmSignature signature;
  TpmQuoteClaims claims;          // of the message
  std::optional<PcrValues> pcrs;  // as the caller gives them
};

// Malformed (hcl.format) unless the message is a whole TPMS_ATTEST of a quote and the signature is a TPMT_SIGNATURE, or
// bare: an RSA number of 256, 384 or 512 bytes, an ECDSA signature in DER, or r || s.
Result<TpmQuote> ParseTpmQuote(Bytes message, Bytes signature, std::optional<PcrValues> pcrs);

// The digest that a quote of these selections has when the PCRs are these: by the hash of the signature's scheme,
// whatever the banks. nullopt when a PCR that is quoted is not among them or not of its bank's length, or the hash is none
// of SHA-256 and SHA-384.
std::optional<Bytes> PcrDigest(uint16_t hash, const PcrValues& pcrs,
                               const std::vector<PcrSelection>& selections);

}  // namespace thimble::amd
