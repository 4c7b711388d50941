// SPDX-License-Identifier: Apache-2.0
//
// Evidence of any kind: what it is, and what the caller must also do. The verifiers are intel/verify.h and amd/verify.h,
// the appraisal is policy.h. A complete example is appraise.cpp (tests/package/outside, and in the package's examples).
//
// In: bytes of evidence; collateral as its vendor published it, from anywhere, trusted by nobody; anchors, which the caller
// vouches for (pki/trust_anchors.h); a time, which the caller takes from a clock that he trusts.
//
// Out: a Result. An Error says that there is no verdict, and is never to be read as one:
//   kMalformed    these bytes are no evidence, or no collateral
//   kUnavailable  something is missing (collateral, an endorsement): get it and ask again
//   kRejected     from PrepareCollateral and AuthenticateItem alone: an item is not authentic
//   kInternal     this library is at fault
// A Verdict says what holds. `authentic` means that genuine hardware made this evidence and that the collateral is its
// vendor's. It does NOT mean that the evidence is acceptable, fresh, or about the machine that one is talking to.
//
// The caller must also:
//   1. bind it: CheckReportData() with the 64 bytes that he expects (a nonce, a hash of a TLS key), or CheckRuntimeData().
//      Without that, evidence of another machine passes: anybody can replay it.
//   2. ask for freshness: those bytes hold a nonce that he made for this exchange and accepts once; of an HCL report the
//      vTPM quote holds it (amd/hcl.h).
//   3. appraise: Appraise() with a policy that names measurements and accepted statuses. The default policy asks for
//      UpToDate and no debug, and knows nothing of the software that was measured.
//   4. keep collateral fresh, and its newest version: an attester that may bring its own collateral brings the kindest.
//   5. not take a note or an unknown finding for nothing: `findings` has all of them, `checks` what did not run and why.
#pragma once

#include <optional>

#include "tcb/base/result.h"
#include "tcb/input/contents.h"
#include "tcb/verdict.h"

namespace thimble {

// Told by length, magic and version; malformed (evidence.format) when it is none, and says what it is then. Decoding
// proper is the verifier's.
Result<EvidenceKind> DetectEvidence(ByteView evidence);

// The 64 bytes of REPORTDATA, of a VBS enclave EnclaveData; empty where there are no claims.
ByteView ReportDataOf(const Verdict& verdict);
// Adds the check that REPORTDATA begins with `expected` and is zero after it (at most 64 bytes): hard,
// report_data.mismatch. A verdict with a hard finding is left as it is.
void CheckReportData(Verdict& verdict, ByteView expected);
// The same for evidence that binds data by its hash: REPORTDATA is the SHA-256, SHA-384 or SHA-512 of it, and
// zero after that.
void CheckRuntimeData(Verdict& verdict, ByteView runtime_data);

}  // namespace thimble
