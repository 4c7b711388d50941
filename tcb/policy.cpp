// SPDX-License-Identifier: Apache-2.0
#include "tcb/policy.h"

#include <algorithm>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral.h"

namespace thimble {
namespace {

std::string JsonBool(bool value) { return value ? "true" : "false"; }

RuleOutcome AcceptedStatuses(const Verdict& verdict, const Policy& policy) {
  RuleOutcome outcome{"accepted_statuses", "[", "null", false};
  for (const TcbStatus status : policy.accepted_statuses) {
    outcome.wanted += StrCat(outcome.wanted.size() > 1 ? "," : "", json::Escape(TcbStatusName(status)));
  }
  outcome.wanted += ']';
  if (!verdict.tcb_status) {
    // Without a floor for this CPU there is no AMD status to judge; whether that is acceptable is amd_floor's
    // rule.
    outcome.ok = verdict.tee == Tee::kSnp && verdict.authentic && policy.amd_floor == AmdFloorMode::kIfKnown;
    return outcome;
  }
  outcome.found = json::Escape(TcbStatusName(*verdict.tcb_status));
  const auto& accepted = policy.accepted_statuses;
  outcome.ok = *verdict.tcb_status != TcbStatus::kRevoked &&
               std::find(accepted.begin(), accepted.end(), *verdict.tcb_status) != accepted.end();
  return outcome;
}

// On TCB info and on identity, each alone: an old but unexpired set can be replayed (user-needs 42).
RuleOutcome MinTcbEvaluation(const Verdict& verdict, const Policy& policy) {
  RuleOutcome outcome{"min_tcb_evaluation", std::to_string(policy.min_tcb_evaluation), "null", false};
  if (!verdict.tcb_info_evaluation || !verdict.qe_identity_evaluation) return outcome;
  const uint32_t found = std::min(*verdict.tcb_info_evaluation, *verdict.qe_identity_evaluation);
  outcome.found = std::to_string(found);
  outcome.ok = found >= policy.min_tcb_evaluation;
  return outcome;
}

bool HasFinding(const Verdict& verdict, Check check) {
  return std::any_of(verdict.findings.begin(), verdict.findings.end(),
                     [&](const Finding& f) { return f.check == check; });
}

RuleOutcome Permission(std::string rule, bool allowed, bool found) {
  return {std::move(rule), JsonBool(allowed), JsonBool(found), allowed || !found};
}

bool IsDebug(const Verdict& verdict) {
  return HasFinding(verdict, Check::kSgxDebug) || HasFinding(verdict, Check::kTdxDebug) ||
         HasFinding(verdict, Check::kSnpDebug);
}

// Which rule, if any, answers for a soft finding.
enum class AnsweredBy : uint8_t { kNote, kDebug, kMigration, kGrace, kFloor, kNobody };
AnsweredBy RuleFor(Check check) {
  switch (check) {
    case Check::kQuoteTrailingBytes:
    case Check::kTrustAnchorExtra:
      return AnsweredBy::kNote;
    case Check::kSgxDebug:
    case Check::kTdxDebug:
    case Check::kSnpDebug:
      return AnsweredBy::kDebug;
    case Check::kSnpMigration:
      return AnsweredBy::kMigration;
    case Check::kPckExpired:
    case Check::kCrlRootExpired:
    case Check::kCrlPckExpired:
    case Check::kSigningChainExpired:
    case Check::kTcbInfoExpired:
    case Check::kQeIdentityExpired:
    case Check::kSnpExpired:
    case Check::kSnpCrlExpired:
      return AnsweredBy::kGrace;
    case Check::kSnpFloorUnknown:
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
RuleOutcome CollateralGrace(const Verdict& verdict, const Policy& policy, Instant at) {
  RuleOutcome outcome{"collateral_grace", json::Escape(FormatDuration(policy.collateral_grace)), "\"0s\"",
                      true};
  if (!AnyFinding(verdict, AnsweredBy::kGrace)) return outcome;
  const Seconds late = at > verdict.window.not_after ? at - verdict.window.not_after : Seconds::max();
  outcome.found = late == Seconds::max() ? "\"before its window\"" : json::Escape(FormatDuration(late));
  outcome.ok = late <= policy.collateral_grace && at >= verdict.window.not_before;
  return outcome;
}

// Findings that no rule can allow.
RuleOutcome NoOtherFindings(const Verdict& verdict) {
  RuleOutcome outcome{"no_findings", "[]", "[", true};
  for (const Finding& finding : verdict.findings) {
    if (finding.severity == Severity::kSoft && RuleFor(finding.check) != AnsweredBy::kNobody) continue;
    outcome.found += StrCat(outcome.found.size() > 1 ? "," : "", json::Escape(CheckName(finding.check)));
    outcome.ok = false;
  }
  outcome.found += ']';
  return outcome;
}

}  // namespace

Decision Appraise(const Verdict& verdict, const Policy& policy, Instant at) {
  Decision decision;
  auto& rules = decision.rules;
  rules.push_back({"authentic", "true", JsonBool(verdict.authentic), verdict.authentic});
  rules.push_back(AcceptedStatuses(verdict, policy));
  if (verdict.tee != Tee::kSnp) rules.push_back(MinTcbEvaluation(verdict, policy));
  rules.push_back(Permission("allow_debug", policy.allow_debug, IsDebug(verdict)));
  if (verdict.tee == Tee::kSnp) {
    rules.push_back(
        Permission("allow_migration", policy.allow_migration, HasFinding(verdict, Check::kSnpMigration)));
    rules.push_back(
        {"amd_floor", policy.amd_floor == AmdFloorMode::kRequire ? "\"require\"" : "\"if_known\"",
         json::Escape(verdict.floor.empty() ? "none" : verdict.floor),
         policy.amd_floor == AmdFloorMode::kIfKnown || !HasFinding(verdict, Check::kSnpFloorUnknown)});
  }
  rules.push_back(CollateralGrace(verdict, policy, at));
  rules.push_back(NoOtherFindings(verdict));
  decision.accept = std::all_of(rules.begin(), rules.end(), [](const RuleOutcome& rule) { return rule.ok; });
  return decision;
}

}  // namespace thimble
