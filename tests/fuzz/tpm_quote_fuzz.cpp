// SPDX-License-Identifier: Apache-2.0
//
// The vTPM's quote.
#include <algorithm>

#include "tcb/tpm/quote.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  // The first byte says how much of the rest is the signature.
  const size_t size = input.empty() ? 0 : std::min<size_t>(input.front() * 2u, input.size() - 1);
  const ByteView rest = input.empty() ? input : input.subspan(1);
  const ByteView signature = rest.first(size), message = rest.subspan(size);
  const auto bytes = [](ByteView view) { return Bytes(view.begin(), view.end()); };
  const auto quote = tpm::ParseQuote(bytes(message), bytes(signature), std::nullopt);
  if (!quote.ok()) {
    Holds(quote.error().kind == ErrorKind::kMalformed, "a TPM quote that does not parse is malformed");
    return;
  }
  Holds(Equal(quote->message, message), "the message is kept as it came");
  Holds(quote->claims.extra_data.size() + quote->claims.pcr_digest.size() <= input.size(),
        "the parts fit inside");
  Holds(quote->signature.rsa.empty() == !quote->signature.r.empty(), "a signature is of one kind");
  (void)tpm::PcrDigest(quote->signature.hash, {}, quote->claims.selections);
}
