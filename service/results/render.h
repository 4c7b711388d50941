// SPDX-License-Identifier: Apache-2.0
//
// The result of a verification as JSON (DESIGN section 4): field names are stable, and what was not computed
// is absent.
#pragma once

#include <optional>
#include <string>

#include "service/verification/outcome.h"
#include "tcb/base/json.h"
#include "tcb/policy.h"
#include "tcb/verdict.h"

namespace thimble {

// What is rendered: what a verification came to, under this policy and baseline.
struct ResultView {
  const VerificationOutcome& outcome;  // without an error
  const Policy& policy;
  std::string_view baseline;      // "" where it chose nothing
  uint32_t baseline_version = 0;  // 0: none
  const Verdict& verdict = outcome.verdict;
  const Decision& decision = outcome.decision;
};
// `ear`: the signed form of the same, or none.
std::string RenderResult(const ResultView& result, const std::optional<std::string>& ear = std::nullopt);
// The members "evaluation", "collateral" and "grace_used" (absent where none was), into an open object.
void WriteEvaluation(json::Writer& json, const ResultView& result);
void WriteCollateral(json::Writer& json, const std::vector<UsedCollateral>& collateral);
void WriteGrace(json::Writer& json, Seconds used);

// The entries of "checks", into an open array: those of the verification, then one for each rule.
void WriteChecks(json::Writer& json, const CheckLog& checks, const std::vector<Finding>& findings);

}  // namespace thimble
