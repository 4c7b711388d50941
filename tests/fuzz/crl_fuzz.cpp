// SPDX-License-Identifier: Apache-2.0
//
// The CRL reader.
#include <algorithm>

#include "tcb/check.h"
#include "tcb/pki/crl.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

FUZZ_TARGET(input) {
  const auto parsed = Crl::Parse(input, Check::kCollateralMalformed);
  if (!parsed.ok()) return;
  const Crl& crl = **parsed;
  Holds(Equal(crl.der(), input), "the CRL is the whole input");
  Holds(crl.has_number() != crl.number().empty(), "a number that is there is not empty");
  Holds(crl.number().size() <= 21, "the number is bounded");
  const auto& revoked = crl.revoked();
  Holds(std::is_sorted(revoked.begin(), revoked.end()), "serials are sorted");
  for (const std::string_view serial : revoked) {
    Holds(!serial.empty() && Inside(AsBytes(serial), crl.der()), "serials lie inside the CRL");
  }
}
