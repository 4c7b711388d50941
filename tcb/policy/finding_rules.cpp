// SPDX-License-Identifier: Apache-2.0
//
// Every finding that is no note needs a rule that answers for it; those of expiry are collateral_grace's.
#include <algorithm>

#include "tcb/check.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

enum class AnsweredBy : uint8_t {
  kDebug,
  kMigration,
  kTdAttributes,
  kMaskedChip,
  kGrace,
  kFloor,
  kSecondTcb,
  kUncertifiedAk,
  kNobody
};
AnsweredBy RuleFor(Check check) {
  switch (check) {
    case Check::kSgxDebug:
    case Check::kTdxDebug:
    case Check::kSnpDebug:
    case Check::kVbsDebug:
      return AnsweredBy::kDebug;
    case Check::kSnpMigration:
      return AnsweredBy::kMigration;
    case Check::kTdxMigratable:
    case Check::kTdxReservedAttributes:
      return AnsweredBy::kTdAttributes;
    case Check::kTdxCurrentTcb:
    case Check::kTdxInitialTcb:
      return AnsweredBy::kSecondTcb;
    case Check::kSnpChipIdMasked:
      return AnsweredBy::kMaskedChip;
    case Check::kPckExpired:
    case Check::kCrlRootExpired:
    case Check::kCrlPckExpired:
    case Check::kSigningChainExpired:
    case Check::kTcbInfoExpired:
    case Check::kQeIdentityExpired:
    case Check::kSnpExpired:
    case Check::kSnpCrlExpired:
    case Check::kTpmAkExpired:
    case Check::kVbsSignerExpired:
      return AnsweredBy::kGrace;
    case Check::kTpmAkUnproven:
      return AnsweredBy::kUncertifiedAk;
    case Check::kSnpFloorUnknown:
    case Check::kSnpFloorStale:
      return AnsweredBy::kFloor;
    default:
      return AnsweredBy::kNobody;
  }
}

bool AnyFinding(const Verdict& verdict, AnsweredBy rule) {
  return std::any_of(verdict.findings.begin(), verdict.findings.end(), [&](const Finding& finding) {
    return finding.severity == Severity::kSoft && RuleFor(finding.check) == rule;
  });
}

// How far past its window the worst item is; the verdict's window is the intersection of all. An item used
// before its window began gets no grace: nothing about it has merely grown old.
void AddCollateralGrace(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules) {
  const Seconds grace = policy.collateral_grace;
  std::string wanted = json::Escape(grace == kUnlimitedGrace ? "unlimited" : FormatDuration(grace));
  if (!AnyFinding(verdict, AnsweredBy::kGrace)) {
    return rules.Add("collateral_grace", std::move(wanted), "\"0s\"", true);
  }
  if (at <= verdict.window.not_after || at < verdict.window.not_before) {
    return rules.Add("collateral_grace", std::move(wanted), "\"before its window\"", false);
  }
  const Seconds late = at - verdict.window.not_after;
  rules.Add("collateral_grace", std::move(wanted), json::Escape(FormatDuration(late)), late <= grace);
}

// Findings that no rule can allow.
void AddNoFindings(const Verdict& verdict, RuleList& rules) {
  std::vector<Check> others;
  for (const Finding& finding : verdict.findings) {
    const bool soft = finding.severity == Severity::kSoft;
    if (finding.severity == Severity::kHard || (soft && RuleFor(finding.check) == AnsweredBy::kNobody)) {
      others.push_back(finding.check);
    }
  }
  rules.Add("no_findings", "[]", JsonList(others, [](Check check) { return json::Escape(CheckName(check)); }),
            others.empty());
}

}  // namespace

void AddFindingRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules) {
  AddCollateralGrace(verdict, policy, at, rules);
  AddNoFindings(verdict, rules);
}

}  // namespace thimble::policy
