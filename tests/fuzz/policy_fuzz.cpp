// SPDX-License-Identifier: Apache-2.0
//
// Configurations with their policies, and Intel's appraisal policy files: what is taken is a valid policy, and none
// accepts a revoked platform or what is not authentic.
#include "service/config/config.h"
#include "tcb/policy.h"
#include "tcb/policy/appraisal_policy.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

static void CheckPolicy(const Policy& policy) {
  constexpr Instant kNow{Seconds{1'780'272'000}};
  Holds(Validate(policy).ok(), "what is taken is valid");
  for (const Tee tee : {Tee::kSgx, Tee::kTdx, Tee::kSnp}) {
    Verdict verdict;
    verdict.tee = tee;
    verdict.at = kNow;
    verdict.tcb_status = TcbStatus::kUpToDate;
    Holds(!Appraise(verdict, policy, kNow).accept, "what is not authentic is not acceptable");
    verdict.authentic = true;
    verdict.tcb_status = TcbStatus::kRevoked;
    Holds(!Appraise(verdict, policy, kNow).accept, "what is revoked is not acceptable");
  }
}

FUZZ_TARGET(input) {
  const std::string_view text = AsText(input);
  // Paths are not followed: what lies there is not the input.
  if (text.find("appraisal_policy") == std::string_view::npos &&
      text.find("_file") == std::string_view::npos) {
    const auto config = ParseConfig(text, "fuzz");
    if (config.ok()) {
      for (const auto& [name, policy] : config->policies) CheckPolicy(policy);
    }
  }
  const auto intel = intel::ParseAppraisalPolicy(text, "fuzz");
  if (intel.ok()) CheckPolicy(*intel);
}
