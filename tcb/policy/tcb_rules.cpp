// SPDX-License-Identifier: Apache-2.0
//
// Rules on the TCB: status, dates, advisories, evaluation numbers.
#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/rule_list.h"

namespace thimble::policy {
namespace {

bool Contains(const std::vector<TcbStatus>& list, TcbStatus status) {
  return std::find(list.begin(), list.end(), status) != list.end();
}

bool IsOutOfDate(TcbStatus status) {
  return status == TcbStatus::kOutOfDate || status == TcbStatus::kOutOfDateConfigurationNeeded;
}

// With a grace, OutOfDate is accepted as far as its own rule (the grace) holds.
std::vector<TcbStatus> Accepted(std::vector<TcbStatus> listed, const std::optional<Seconds>& grace) {
  const auto add = [&](TcbStatus status) {
    if (!Contains(listed, status)) listed.push_back(status);
  };
  if (!grace) return listed;
  add(TcbStatus::kOutOfDate);
  if (Contains(listed, TcbStatus::kConfigurationNeeded)) add(TcbStatus::kOutOfDateConfigurationNeeded);
  return listed;
}

std::string StatusList(const std::vector<TcbStatus>& statuses) {
  return JsonList(statuses, [](TcbStatus status) { return json::Escape(TcbStatusName(status)); });
}

// A waiver is the operator's: it is no part of the status, but of what he accepts.
std::optional<TcbStatus> WithWaivers(const Verdict& verdict) {
  const bool waived = verdict.floors && !verdict.floors->waived.empty();
  return waived ? verdict.floors->status_with_waivers : verdict.tcb_status;
}

// Floors that know nothing of the CPU give no status, and those that know nothing short, but not everything, neither.
// Whether that is acceptable is amd_floor's rule.
bool NeedsNoStatus(const Verdict& verdict, const Policy& policy) {
  if (verdict.tee != Tee::kSnp || !verdict.authentic) return false;
  if (policy.amd_floor == AmdFloorMode::kIfKnown) return true;
  return policy.amd_floor == AmdFloorMode::kRequire &&
         verdict.checks.Get(Check::kSnpFloorUnproven) == CheckResult::kFailed;
}

void AddStatusRule(const Verdict& verdict, const Policy& policy, RuleList& rules) {
  const bool dated = verdict.tee != Tee::kSnp;
  const auto accepted =
      Accepted(policy.accepted_statuses, dated ? policy.platform_grace : std::optional<Seconds>());
  const auto& found = verdict.tcb_status;
  const auto judged = WithWaivers(verdict);
  const bool ok =
      judged ? *judged != TcbStatus::kRevoked && Contains(accepted, *judged) : NeedsNoStatus(verdict, policy);
  std::string text = found ? json::Escape(TcbStatusName(*found)) : "null";
  if (judged != found) {
    text = json::Escape(StrCat(TcbStatusName(*found), ", ",
                               judged ? TcbStatusName(*judged) : "nothing known short",
                               " without what is waived"));
  }
  rules.Add("accepted_statuses", StatusList(accepted), std::move(text), ok);
}

// How old the TCB is where it is out of date: nothing else needs grace.
void AddGraceRule(std::string_view rule, const std::optional<Seconds>& grace, std::optional<TcbStatus> status,
                  const std::optional<Instant>& date, Instant at, RuleList& rules) {
  if (!grace) return;
  std::string wanted = json::Escape(FormatDuration(*grace));
  if (status && !IsOutOfDate(*status)) return rules.Add(rule, std::move(wanted), "\"0s\"", true);
  if (!status || !date) return rules.Add(rule, std::move(wanted), "null", false);
  const Seconds age = std::max(at - *date, Seconds(0));
  rules.Add(rule, std::move(wanted), json::Escape(FormatDuration(age)), age <= *grace);
}

// A second TCB of the TD is judged where it is found wanting: by the statuses and the grace of the first one.
void AddSecondTcbRule(std::string_view rule, Check check, const std::optional<SecondTcb>& tcb,
                      const Policy& policy, Instant at, const Verdict& verdict, RuleList& rules) {
  const bool wanting = std::any_of(verdict.findings.begin(), verdict.findings.end(),
                                   [&](const Finding& finding) { return finding.check == check; });
  if (!wanting) return;
  const auto accepted = Accepted(policy.accepted_statuses, policy.platform_grace);
  const SecondTcb found = tcb.value_or(SecondTcb());
  const auto& status = found.status;
  const bool listed = status && *status != TcbStatus::kRevoked && Contains(accepted, *status);
  const bool in_time = !policy.platform_grace || (found.date && at - *found.date <= *policy.platform_grace);
  rules.Add(rule, StatusList(accepted), status ? json::Escape(TcbStatusName(*status)) : "null",
            listed && in_time);
}

void AddQeRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules) {
  if (!policy.accepted_qe_statuses.empty()) {
    const auto accepted = Accepted(policy.accepted_qe_statuses, policy.qe_grace);
    const auto& found = verdict.qe_status;
    rules.Add("accepted_qe_statuses", StatusList(accepted),
              found ? json::Escape(TcbStatusName(*found)) : "null",
              found && *found != TcbStatus::kRevoked && Contains(accepted, *found));
  }
  AddGraceRule("qe_grace", policy.qe_grace, verdict.qe_status, verdict.qe_tcb_date, at, rules);
  if (policy.min_qe_evaluation > 0) {
    rules.AtLeast("min_qe_evaluation", std::optional(policy.min_qe_evaluation),
                  verdict.qe_identity_evaluation);
  }
}

void AddMinTcbDate(const Verdict& verdict, const Policy& policy, RuleList& rules) {
  if (!policy.min_tcb_date) return;
  const auto& found = verdict.tcb_date;
  rules.Add("min_tcb_date", json::Escape(FormatRfc3339(*policy.min_tcb_date)),
            found ? json::Escape(FormatRfc3339(*found)) : "null", found && *found >= *policy.min_tcb_date);
}

// On TCB info and on identity, each alone: an old but unexpired set can be replayed (user-needs 42).
void AddMinTcbEvaluation(const Verdict& verdict, const Policy& policy, RuleList& rules) {
  std::optional<uint32_t> lower;
  if (verdict.tcb_info_evaluation && verdict.qe_identity_evaluation) {
    lower = std::min(*verdict.tcb_info_evaluation, *verdict.qe_identity_evaluation);
  }
  rules.AtLeast("min_tcb_evaluation", std::optional(policy.min_tcb_evaluation), lower);
}

std::vector<std::string> InForce(const std::vector<AdvisoryEntry>& entries, Instant at) {
  std::vector<std::string> ids;
  for (const AdvisoryEntry& entry : entries) {
    if (entry.InForce(at)) ids.push_back(entry.id);
  }
  return ids;
}

// Those of the verdict that are in the list, or those that are not.
std::vector<std::string> Pick(const Verdict& verdict, const std::vector<std::string>& list, bool listed) {
  std::vector<std::string> out;
  for (const std::string& advisory : verdict.advisories) {
    if ((std::find(list.begin(), list.end(), advisory) != list.end()) == listed) out.push_back(advisory);
  }
  return out;
}

void AddAdvisoryRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules) {
  const auto list = [](const auto& ids) { return JsonList(ids, json::Escape); };
  if (policy.accepted_advisories) {
    const auto accepted = InForce(*policy.accepted_advisories, at);
    rules.Add("accepted_advisories", list(accepted), list(verdict.advisories),
              Pick(verdict, accepted, false).empty());
  }
  if (!policy.rejected_advisories.empty()) {
    const auto rejected = InForce(policy.rejected_advisories, at);
    rules.Add("rejected_advisories", list(rejected), list(verdict.advisories),
              Pick(verdict, rejected, true).empty());
  }
}

}  // namespace

void AddTcbRules(const Verdict& verdict, const Policy& policy, Instant at, RuleList& rules) {
  AddStatusRule(verdict, policy, rules);
  if (verdict.tee != Tee::kSnp) {
    AddGraceRule("platform_grace", policy.platform_grace, verdict.tcb_status, verdict.tcb_date, at, rules);
    AddSecondTcbRule("current_tcb", Check::kTdxCurrentTcb, verdict.current_tcb, policy, at, verdict, rules);
    AddSecondTcbRule("initial_tcb", Check::kTdxInitialTcb, verdict.initial_tcb, policy, at, verdict, rules);
    AddMinTcbDate(verdict, policy, rules);
    AddMinTcbEvaluation(verdict, policy, rules);
    AddQeRules(verdict, policy, at, rules);
  }
  AddAdvisoryRules(verdict, policy, at, rules);
}

}  // namespace thimble::policy
