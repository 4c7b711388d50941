// SPDX-License-Identifier: Apache-2.0
//
// Azure's HCL reports, and judging them without a TD quote.
#include "tcb/amd/hcl.h"
#include "tcb/base/crypto.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

FUZZ_TARGET(input) {
  const auto report = amd::ParseHclReport(input);
  if (!report.ok()) {
    Holds(report.error().kind == ErrorKind::kMalformed, "an HCL report that does not parse is malformed");
    return;
  }
  Holds(Inside(report->hardware_report, input) && Inside(report->report_data, report->hardware_report),
        "views lie inside the report");
  Holds(report->report_data.size() == 64, "report data has one size");
  Holds(report->claims != nullptr && !report->claims->ak_modulus.empty(), "there is an attestation key");
  Holds(report->claims->runtime_data_sha256 == Sha256(AsBytes(report->claims->runtime_data)),
        "the digest is that of the exact bytes");
  const auto verdict = amd::JudgeWithoutTdQuote(*report, nullptr, std::nullopt, Instant());
  if (verdict.ok()) Holds(!verdict->authentic, "nothing is authentic without its hardware evidence");
}
