// SPDX-License-Identifier: Apache-2.0
//
// Verdicts of good evidence, as plain values: every claim has another value, so that a rule that looks at the wrong
// one is found out.
#pragma once

#include <functional>

#include "tcb/policy.h"
#include "tcb/verdict.h"

namespace thimble {

inline constexpr Instant kPolicyNow = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};

Verdict GoodSgx();
Verdict GoodTdx10();
Verdict GoodTdx15();
Verdict GoodSnp();        // Genoa, report version 5, VCEK
Verdict GoodSnpMasked();  // the same, its chip named by the certificate alone
Verdict GoodSnpHcl();     // the same in an HCL report, with a quote
// Changes what the HCL report says.
void EditHcl(Verdict& verdict, const std::function<void(amd::HclClaims&)>& change);
Verdict GoodSnpVlek();  // Milan, VLEK, chip id masked

// N bytes, all of them `fill`.
template <class Id>
Id Filled(uint8_t fill) {
  std::array<uint8_t, Id::kSize> bytes{};
  bytes.fill(fill);
  return Id(bytes);
}

// The claims and facts of a verdict that is known to have them.
template <class Claims>
Claims& ClaimsOf(Verdict& verdict) {
  return std::get<Claims>(verdict.claims);
}
template <class Facts>
Facts& FactsOf(Verdict& verdict) {
  return std::get<Facts>(verdict.platform);
}

const RuleOutcome* FindRule(const Decision& decision, std::string_view rule);
// The names of the rules that do not hold.
std::vector<std::string> FailedRules(const Decision& decision);

}  // namespace thimble
