// SPDX-License-Identifier: Apache-2.0
//
// Evidence of confidential containers on Azure beside an SNP report: the endorsement of the utility VM, and the policy of
// what may run in it (spec/azure-containers.md). The endorsement names no report: what ties the two is that their
// measurements are equal. Both are evidence: one that is given and fails, fails the verdict.
#pragma once

#include <map>
#include <optional>
#include <span>
#include <string>

#include "tcb/base/result.h"
#include "tcb/pki/signature_memo.h"
#include "tcb/uvm/claims.h"
#include "tcb/uvm/ledger_key.h"
#include "tcb/verdict.h"

namespace thimble::uvm {

inline constexpr size_t kMaxEndorsement = 64 << 10, kMaxSecurityPolicy = 1 << 20;

// A COSE_Sign1 by its first byte, and no evidence by itself.
bool LooksLikeEndorsement(ByteView bytes);

// What an endorsement shows by itself, for any number of verdicts.
struct Judged {
  CheckLog checks;                         // uvm.*, but for the measurement
  std::optional<Endorsement> endorsement;  // when all of them passed
  std::optional<Error> failed;             // rejected: the first that did not, but for
  std::optional<Error> receipt_failed;     // of receipts, which comes last
};

// Time is not looked at: an image is in use after its signer's certificate has expired. `memo` may be null.
// Malformed: uvm.format; uvm.chain of a certificate that cannot be read.
Result<Judged> JudgeEndorsement(ByteView bytes, std::span<const LedgerKey> ledger_keys, SignatureMemo* memo);

// What came beside a report; nullptr and nullopt: nothing.
struct Beside {
  const Judged* endorsement = nullptr;
  std::optional<ByteView> security_policy;
};

// Adds uvm.* and aci.* to the verdict on a report; a hard finding of its own is the last. A verdict with a hard finding is
// left as it is. May be asked twice: of the verdict after step 1 and of the final one.
void CheckContainer(Verdict& verdict, const Beside& beside);

// A policy that lets anything run, as tools make it where none is given.
bool AllowsEverything(const Digest256& security_policy);

// The least SVNs by feed that a baseline asks for; soft: uvm.svn, and what is short.
using SvnMinimums = std::map<std::string, uint32_t, std::less<>>;
void ApplySvnMinimums(Verdict& verdict, const SvnMinimums& minimums);

}  // namespace thimble::uvm
