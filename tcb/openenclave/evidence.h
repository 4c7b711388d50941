// SPDX-License-Identifier: Apache-2.0
//
// Open Enclave's evidence: a quote in one of its wrappings (spec/open-enclave.md). The quote is verified by
// intel/verify.h, by exactly the checks of a bare one; this finds it, and adds to the verdict what the wrapping binds.
// Custom claims are held to their hash always, whether or not anybody asks for them.
#pragma once

#include <string>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/openenclave/certificate.h"
#include "tcb/openenclave/claims.h"
#include "tcb/verdict.h"

namespace thimble::openenclave {

// Headers, certificates and plug-in evidence included.
inline constexpr size_t kMaxEvidence = 64 << 10;

// The views are valid as long as the evidence.
struct Evidence {
  Claims claims;
  ByteView quote;  // exactly
  std::optional<ByteView> custom_claims;
  std::optional<EvidenceCertificate> certificate;
};

// An OE report, OE evidence, a certificate with either, or plug-in evidence: a quote whose report data is the hash of
// what follows it. By content and length; whether it holds is another question.
bool IsOpenEnclave(ByteView evidence);

// What IsOpenEnclave() takes for one. Malformed: oe.format, oe.report_type, oe.format_id, quote.format.
Result<Evidence> ParseEvidence(ByteView evidence);
// A quote that its sender takes for plug-in evidence: whatever follows it are custom claims.
Result<Evidence> ParseAsPluginEvidence(ByteView evidence);

// The quote in Open Enclave's evidence; anything else as it is.
Result<ByteView> QuoteIn(ByteView evidence);

// Adds oe.* to the verdict on the quote; a hard finding of its own is the last. A verdict with a hard finding only learns
// what the wrapping says. May be asked twice: of the verdict after step 1 and of the final one.
void CheckOpenEnclave(Verdict& verdict, const Evidence& evidence);

}  // namespace thimble::openenclave
