// SPDX-License-Identifier: Apache-2.0
//
// The quote parser: what it accepts adds up, and every view lies inside the input.
#include "tcb/intel/quote.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

FUZZ_TARGET(input) {
  const auto quote = intel::ParseQuote(input);
  if (!quote.ok()) {
    Holds(quote.error().kind == ErrorKind::kMalformed, "a quote that does not parse is malformed");
    return;
  }
  for (const ByteView part :
       {quote->signed_bytes, quote->signature, quote->attestation_key, quote->qe_report_bytes,
        quote->qe_report_signature, quote->qe_auth_data, quote->certification_data}) {
    Holds(Inside(part, input), "views lie inside the quote");
  }
  const size_t nested = quote->version >= 4 ? 6 : 0;
  const size_t total = quote->signed_bytes.size() + 4 + 64 + 64 + nested + 384 + 64 + 2 +
                       quote->qe_auth_data.size() + 6 + quote->certification_data.size() +
                       quote->trailing_bytes;
  Holds(total == input.size(), "the parts and the trailing bytes are the whole quote");
  Holds(std::holds_alternative<intel::TdxClaims>(quote->body) == quote->tdx, "the body is of the TEE");
  if (const auto lookup = intel::ParsePckLookup(*quote))
    Holds(Inside(lookup->ppid, input), "the PPID lies inside");
}
