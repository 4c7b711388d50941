// SPDX-License-Identifier: Apache-2.0
//
// The headers that Open Enclave puts in front of a quote, and what is bytes of the quote and what is not
// (spec/open-enclave.md sections 1.1 to 1.3). Internal to tcb/openenclave.
#pragma once

#include <optional>
#include <string>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/openenclave/claims.h"

namespace thimble::openenclave {

// The views are valid as long as the evidence.
struct Wrapped {
  std::optional<Format> format;  // absent: a bare quote
  std::string format_id;
  ByteView quote;                         // exactly
  std::optional<ByteView> custom_claims;  // absent: there is no room for any
};

// Told by content and length. A genuine SNP report is neither: its policy has bit 17 set, and none above 25.
bool LooksLikeReport(ByteView bytes);
bool LooksLikeEvidence(ByteView bytes);
// A version 3 quote whose report data is the hash of what follows it.
bool LooksLikePluginEvidence(ByteView bytes);

// 16 bytes, quote. Malformed: oe.format, oe.report_type; quote.format of the quote.
Result<Wrapped> ParseReport(ByteView bytes);
// 32 bytes, and what the format id says. Malformed: oe.format, oe.format_id, those of what is inside.
Result<Wrapped> ParseEvidenceHeader(ByteView bytes);
// Quote, custom claims. Malformed: oe.format; quote.format of the quote.
Result<Wrapped> ParsePluginEvidence(ByteView bytes);
// Nothing but a quote.
Result<Wrapped> ParseBareQuote(ByteView bytes);

// What stands behind a header of this kind for SGX ECDSA; nullopt: there is no such header.
std::optional<ByteView> BehindSgxEcdsaHeader(ByteView bytes);

}  // namespace thimble::openenclave
