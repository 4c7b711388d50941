// SPDX-License-Identifier: Apache-2.0
//
// Evidence and collateral in the forms that people hand over.
#include "tcb/input/collateral_form.h"
#include "tcb/input/evidence.h"
#include "tcb/input/text_form.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(bytes) {
  for (const input::Reading& reading : input::ReadingsOf(AsText(bytes))) {
    Holds(!reading.bytes.empty() && reading.bytes.size() <= bytes.size(),
          "text is no shorter than what it says");
  }
  Holds(!input::ContentsOf(bytes).what.empty(), "everything has a name");
  const auto evidence = input::DecodeEvidence(bytes);
  if (evidence.ok()) {
    Holds(input::KindOf(evidence->bytes) == evidence->kind, "what is decoded is evidence of its kind");
    const auto again = input::DecodeEvidence(evidence->bytes);
    Holds(again.ok() && again->bytes == evidence->bytes && again->decoded.empty(),
          "decoded bytes are left alone");
  } else {
    Holds(evidence.error().kind == ErrorKind::kMalformed, "what cannot be read is malformed");
  }
  const auto set = input::ParseCollateralJson(bytes);
  if (!set.ok()) Holds(set.error().kind != ErrorKind::kInternal, "no input is an internal error");
}
