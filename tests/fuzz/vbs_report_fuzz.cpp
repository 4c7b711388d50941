// SPDX-License-Identifier: Apache-2.0
//
// The report package of a VBS enclave.
#include "tcb/vbs/report.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  const auto report = vbs::ParseReport(input);
  if (!report.ok()) {
    Holds(report.error().kind == ErrorKind::kMalformed, "a report that does not parse is malformed");
    return;
  }
  Holds(vbs::LooksLikeReport(input), "what parses is recognised");
  Holds(24 + report->statement.size() + report->signature.size() == input.size(), "nothing is left over");
}
