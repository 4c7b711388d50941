// SPDX-License-Identifier: Apache-2.0
//
// SNP reports, alone and with a certificate table.
#include "tcb/amd/report.h"
#include "tcb/verify.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

FUZZ_TARGET(input) {
  (void)DetectEvidence(input);
  const auto report = amd::ParseReport(input);
  if (report.ok()) {
    Holds(input.size() == amd::kReportSize, "a report has one size");
    Holds(Inside(report->signed_bytes, input) && report->signed_bytes.size() == 0x2a0,
          "what is signed lies inside");
    Holds(report->claims.version >= 2 && report->claims.version <= 5, "a version that we know");
    Holds(!report->claims.reported_tcb, "the layout of a TCB is its product's");
  }
  const auto extended = amd::SplitExtendedReport(input);
  if (!extended.ok()) return;
  Holds(extended->report.size() == amd::kReportSize, "the report is whole");
  for (const auto& entry : extended->table) Holds(Inside(entry.data, input), "table entries lie inside");
  (void)amd::ParseReport(extended->report);
}
