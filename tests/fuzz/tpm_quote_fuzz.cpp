// SPDX-License-Identifier: Apache-2.0
//
// The vTPM's quote.
#include "tcb/amd/tpm_quote.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  const auto quote = amd::ParseTpmQuote(Bytes(input.begin(), input.end()), {}, std::nullopt);
  if (!quote.ok()) {
    Holds(quote.error().kind == ErrorKind::kMalformed, "a TPM quote that does not parse is malformed");
    return;
  }
  Holds(Equal(quote->message, input), "the message is kept as it came");
  Holds(quote->claims.extra_data.size() + quote->claims.pcr_digest.size() <= input.size(),
        "the parts fit inside");
  (void)amd::PcrDigest({}, quote->claims.pcr_selection);
}
