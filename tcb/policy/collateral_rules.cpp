// SPDX-License-Identifier: Apache-2.0
//
// Rules on the collateral that a verdict rests on: its age, by kind.
#include <array>

#include "tcb/base/text.h"
#include "tcb/policy/rule_list.h"

namespace thimble {

namespace {

constexpr std::array<std::pair<CallerCollateral, std::string_view>, 3> kModes = {
    {{CallerCollateral::kNewest, "newest"},
     {CallerCollateral::kAny, "any"},
     {CallerCollateral::kRefuse, "refuse"}}};

}  // namespace

std::string_view CallerCollateralName(CallerCollateral mode) {
  for (const auto& [known, name] : kModes) {
    if (known == mode) return name;
  }
  return "";
}

std::optional<CallerCollateral> CallerCollateralFromName(std::string_view name) {
  for (const auto& [mode, known] : kModes) {
    if (known == name) return mode;
  }
  return std::nullopt;
}

namespace policy {
namespace {

// What was not there is of no age, and does not hold.
void AddAge(std::string_view kind, const std::optional<Seconds>& most, const std::optional<Instant>& issued,
            Instant at, RuleList& rules) {
  if (!most) return;
  std::string found = issued ? json::Escape(FormatDuration(std::max(at - *issued, Seconds(0)))) : "null";
  rules.Add(StrCat("max_collateral_age.", kind), json::Escape(FormatDuration(*most)), std::move(found),
            issued && at - *issued <= *most);
}

}  // namespace

void AddCollateralRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules) {
  const MaxCollateralAge& most = policy.max_collateral_age;
  AddAge("crl", most.crl, verdict.crl_issued, at, rules);
  if (verdict.tee == Tee::kSnp) return;  // AMD has neither
  AddAge("tcb_info", most.tcb_info, verdict.tcb_info_issued, at, rules);
  AddAge("identity", most.identity, verdict.qe_identity_issued, at, rules);
}

}  // namespace policy

}  // namespace thimble
