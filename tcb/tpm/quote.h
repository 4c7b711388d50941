// SPDX-License-Identifier: Apache-2.0
//
// A vTPM's quote: TPMS_ATTEST of type quote, its signature in either form, and the PCRs that a caller holds against it
// (TPM 2.0 part 2; spec/vbs-and-tpm.md section 2.1, 2.2).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/check.h"
#include "tcb/pki/signature.h"
#include "tcb/tpm/claims.h"

namespace thimble::tpm {

enum class Scheme : uint8_t { kRsassa, kRsapss, kEcdsa };
std::string_view SchemeName(Scheme scheme);  // "RSASSA", "RSAPSS", "ECDSA"

struct Signature {
  std::optional<Scheme> scheme;  // absent: a bare RSA signature, which does not say
  uint16_t hash = 0;             // TPM_ALG_ID; of a bare one, that of the quote's digest
  Bytes rsa;                     // the number; empty for ECDSA
  Bytes r, s;                    // without leading zeros; empty for RSA
};

struct Quote {
  Bytes message;  // TPMS_ATTEST, what is signed
  Signature signature;
  QuoteClaims claims;             // of the message
  std::optional<PcrValues> pcrs;  // as the caller gives them
  Bytes signature_bytes;          // likewise
};

// Whose checks a quote fails: a TPM's own, or those of the HCL report that it lies beside.
struct QuoteChecks {
  Check format, signature_format;
};
inline constexpr QuoteChecks kTpmChecks = {Check::kTpmFormat, Check::kTpmSignatureFormat},
                             kHclChecks = {Check::kHclFormat, Check::kHclFormat};

// Malformed (with one of `checks`) unless the message is a whole TPMS_ATTEST of a quote and the signature is a
// TPMT_SIGNATURE, or bare: an RSA number of 256, 384 or 512 bytes, an ECDSA signature in DER, or r || s.
Result<Quote> ParseQuote(Bytes message, Bytes signature, std::optional<PcrValues> pcrs,
                         const QuoteChecks& checks = kHclChecks);

// The message alone. Malformed (tpm.format).
Result<QuoteClaims> ReadQuoteClaims(ByteView message);
// The signature alone, of whatever is signed. nullopt: none. `digest_size` says the hash of a bare one.
std::optional<Signature> ReadSignature(ByteView signature, size_t digest_size);

// Why the quote's signature does not hold under `key`, which messages call `key_name`; empty: it does.
std::string SignatureProblem(const Signature& signature, ByteView message, const PublicKey& key,
                             std::string_view key_name);
// Why the PCRs that are given are not those quoted, all of them and no other; empty: they are. Without any given: empty.
std::string PcrProblem(const Quote& quote);
// Why the quote's nonce is not this one, whole; empty: it is.
std::string NonceProblem(const Quote& quote, ByteView nonce);

bool Covers(const std::vector<PcrSelection>& selections, uint16_t bank, uint8_t number);

// The digest that a quote of these selections has when the PCRs are these: by the hash of the signature's scheme,
// whatever the banks. nullopt when a PCR that is quoted is not among them or not of its bank's length, or the hash is none
// of SHA-256 and SHA-384.
std::optional<Bytes> PcrDigest(uint16_t hash, const PcrValues& pcrs,
                               const std::vector<PcrSelection>& selections);

}  // namespace thimble::tpm
