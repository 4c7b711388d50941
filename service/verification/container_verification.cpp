// SPDX-License-Identifier: Apache-2.0
//
// SNP reports by themselves, and what a confidential container brings beside its own.
#include "service/verification/verification.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/uvm/container.h"

namespace thimble {
namespace {

using Outcome = VerificationOutcome;

Status CheckSizes(const VerificationRequest& request) {
  const auto check = [](const std::optional<Bytes>& bytes, size_t most, std::string_view name) -> Status {
    if (!bytes || bytes->size() <= most) return {};
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(name, ": ", bytes->size(), " bytes, at most ", most)};
  };
  TRY(check(request.uvm_endorsement, uvm::kMaxEndorsement, "uvm_endorsement"));
  return check(request.security_policy, uvm::kMaxSecurityPolicy, "security_policy");
}

}  // namespace

// The endorsement is judged once, and what it shows is added to both verdicts.
Verification::Judged Verification::RunReport(const VerificationRequest& request, Instant at) {
  if (const Status sizes = CheckSizes(request); !sizes) return Outcome::Failed(sizes.error());
  const Policy& policy = request.policy->For(EvidenceClass::kSnp);
  uvm::Beside beside;
  std::optional<uvm::Judged> endorsement;
  if (request.uvm_endorsement) {
    auto judged = uvm::JudgeEndorsement(*request.uvm_endorsement, policy.uvm.ledger_keys, &uvm_memo_);
    if (!judged) return Outcome::Failed(judged.error());
    endorsement = *std::move(judged);
    beside.endorsement = &*endorsement;
  }
  if (request.security_policy) beside.security_policy = *request.security_policy;
  Judged judged =
      RunSnp(request, request.evidence, at, [&](Verdict& verdict) { uvm::CheckContainer(verdict, beside); });
  if (!judged.outcome.error) uvm::ApplySvnMinimums(judged.outcome.verdict, request.baseline.uvm);
  return judged;
}

}  // namespace thimble
