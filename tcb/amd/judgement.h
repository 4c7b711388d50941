// SPDX-License-Identifier: Apache-2.0
//
// Recording a hard check whose outcome is a Status; the rest is in tcb/findings.h. Internal to tcb/amd.
#pragma once

#include "tcb/base/result.h"
#include "tcb/findings.h"

namespace thimble::amd {

// The hard finding: nothing is judged after it, and nothing that rests on authenticity is left.
inline void Fail(Verdict& verdict, const Error& error) {
  verdict.checks.Set(error.check, CheckResult::kFailed);
  verdict.findings.push_back({error.check, Severity::kHard, error.message});
  Retract(verdict);
}

// Passed, or the hard finding. Returns whether the verification goes on.
[[nodiscard]] inline bool Require(Verdict& verdict, Check check, const Status& status) {
  if (status.ok()) {
    verdict.checks.Set(check, CheckResult::kPassed);
  } else {
    Fail(verdict, status.error());
  }
  return status.ok();
}

}  // namespace thimble::amd
