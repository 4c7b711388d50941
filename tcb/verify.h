// SPDX-License-Identifier: Apache-2.0
//
// Evidence of any kind: what it is. The verifiers are intel/verify.h and amd/verify.h.
#pragma once

#include <optional>

#include "tcb/base/result.h"
#include "tcb/input/contents.h"
#include "tcb/verdict.h"

namespace thimble {

// Told by length, magic and version; malformed (evidence.format) when it is none, and says what it is then. Decoding
// proper is the verifier's.
Result<EvidenceKind> DetectEvidence(ByteView evidence);

// The 64 bytes of REPORTDATA; empty where there are no claims.
ByteView ReportDataOf(const Verdict& verdict);
// Adds the check that REPORTDATA begins with `expected` and is zero after it (at most 64 bytes): hard,
// report_data.mismatch. A verdict with a hard finding is left as it is.
void CheckReportData(Verdict& verdict, ByteView expected);
// The same for evidence that binds data by its hash: REPORTDATA is the SHA-256, SHA-384 or SHA-512 of it, and
// zero after that.
void CheckRuntimeData(Verdict& verdict, ByteView runtime_data);

}  // namespace thimble
