// SPDX-License-Identifier: Apache-2.0
#include "service/cli/text/causes.h"

#include <algorithm>

#include "service/cli/manual/explanations.h"
#include "service/cli/text/result_members.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using json::Value;

std::string AdviceFor(std::string_view check) {
  const Explanation* const known = FindExplanation(check);
  return known == nullptr ? "" : known->to_do;
}

std::vector<Cause> FindingsOf(const Value& result, std::string_view severity,
                              bool (*of_interest)(std::string_view)) {
  std::vector<Cause> out;
  for (const Value& finding : MemberList(result, "findings")) {
    const std::string check = MemberText(finding, "check");
    if (MemberText(finding, "severity") != severity || !of_interest(check)) continue;
    out.push_back({check, MemberText(finding, "message"), AdviceFor(check)});
  }
  return out;
}

bool Any(std::string_view) { return true; }
bool IsAboutTime(std::string_view check) {
  return check.ends_with("expired") || check.ends_with("not_yet_valid") || check.ends_with("not_yet_issued");
}

// "BIOS: Early Microcode Update", Intel's category and type, as "the BIOS (Early Microcode Update)".
std::string InWords(const std::string& update) {
  const size_t colon = update.find(": ");
  if (colon == std::string::npos) return StrCat("the ", update);
  return StrCat("the ", update.substr(0, colon), " (", update.substr(colon + 2), ")");
}

// What would be updated, each once: "update the BIOS and the TDX module".
std::string Updates(const Value& result) {
  std::vector<std::string> updates;
  for (const Value& shortfall : MemberList(result, "shortfalls")) {
    std::string update = MemberText(shortfall, "update");
    const bool cure = !MemberText(shortfall, "bulletin").empty();  // AMD's: a sentence of the floors
    if (!cure && !update.empty()) update = InWords(update);
    if (!update.empty() && std::find(updates.begin(), updates.end(), update) == updates.end())
      updates.push_back(std::move(update));
  }
  std::string out;
  for (const std::string& update : updates) out += StrCat(out.empty() ? "update " : " and ", update);
  return out;
}

// The line that would accept this status, or nothing: Revoked is accepted by none.
std::string StatusLine(const Value& rule, const std::string& policy, const std::string& status) {
  if (status.empty() || status == "Revoked") return "";
  std::string list;
  for (const Value& accepted : MemberList(rule, "wanted"))
    list += StrCat("\"", accepted.String() ? std::string(*accepted.String()) : "", "\", ");
  return StrCat("or accept it, in [policy.", policy, "]: accepted_statuses = [", list, "\"", status, "\"]");
}

Cause StatusCause(const Value& result, const Value& rule, const std::string& policy) {
  const std::string status = MemberText(result, "tcb_status");
  std::string what;
  for (const std::string& text : ShortfallTexts(result)) what += StrCat(what.empty() ? ": " : "; ", text);
  const std::string cure = Updates(result), line = StatusLine(rule, policy, status);
  return {StrCat("policy.", MemberText(rule, "rule")),
          StrCat("the TCB status is ", status.empty() ? "unknown" : status, what, "; policy ", policy,
                 " accepts ", MemberText(rule, "wanted")),
          StrCat(cure, !cure.empty() && !line.empty() ? "; " : "", line)};
}

Cause RuleCause(const Value& rule, const std::string& policy) {
  const std::string name = MemberText(rule, "rule"), found = MemberText(rule, "found");
  return {StrCat("policy.", name),
          StrCat(name, " is ", found.empty() ? "unknown" : found, ", and policy ", policy, " wants ",
                 MemberText(rule, "wanted")),
          StrCat("change it on the platform or in the workload, or in [policy.", policy,
                 "]; `thimble explain policy.", name, "`")};
}

// A rule that does not hold, in the words of what it is about.
std::vector<Cause> CausesOfRule(const Value& result, const Value& rule, const std::string& policy) {
  const std::string name = MemberText(rule, "rule");
  if (name == "no_findings") {
    std::vector<Cause> out = FindingsOf(result, "hard", Any);
    const std::string named = MemberText(rule, "found");
    for (Cause& soft : FindingsOf(result, "soft", Any)) {
      if (named.find(soft.name) != std::string::npos) out.push_back(std::move(soft));
    }
    return out;
  }
  if (name == "collateral_grace") {
    std::vector<Cause> out = FindingsOf(result, "soft", IsAboutTime);
    for (Cause& cause : out)
      cause.sentence += StrCat("; policy ", policy, " allows ", MemberText(rule, "wanted"), " past the end");
    if (!out.empty()) return out;
  }
  return {name == "accepted_statuses" ? StatusCause(result, rule, policy) : RuleCause(rule, policy)};
}

// A component by another name of AMD's bulletins, where one says what is short.
std::string ShortfallText(const Value& shortfall) {
  const std::string bulletin = MemberText(shortfall, "bulletin"), update = MemberText(shortfall, "update");
  const std::string view = MemberText(shortfall, "view");
  return StrCat(
      MemberText(shortfall, "component"), view.empty() ? "" : StrCat(" (", view, ")"), " is ",
      MemberText(shortfall, "have"), ", needs ", MemberText(shortfall, "need"),
      bulletin.empty() ? (update.empty() ? "" : StrCat(" (", update, ")")) : StrCat(" (", bulletin, ")"));
}

}  // namespace

std::vector<std::string> ShortfallTexts(const Value& result) {
  std::vector<std::string> out;
  for (const Value& shortfall : MemberList(result, "shortfalls")) out.push_back(ShortfallText(shortfall));
  return out;
}

Causes CausesOf(const Value& result) {
  Causes out;
  if (MemberText(result, "decision") != "reject") return out;
  const auto policy = result.Find("policy");
  const std::string policy_name = policy ? MemberText(*policy, "id") : "";
  // What is not authentic states nothing: that no rule holds of it follows from what is wrong with it.
  const bool authentic = IsTrue(result, "authentic");
  if (!authentic) out.list = FindingsOf(result, "hard", Any);
  const bool one_cause = !out.list.empty();
  for (const Value& rule : policy ? MemberList(*policy, "rules") : std::vector<Value>()) {
    if (IsTrue(rule, "ok")) continue;
    if (one_cause) {
      ++out.consequences;
      continue;
    }
    for (Cause& cause : CausesOfRule(result, rule, policy_name)) out.list.push_back(std::move(cause));
  }
  if (out.list.empty())
    out.list.push_back({"", "the result does not say why", "ask for the whole result: --json"});
  return out;
}

}  // namespace thimble
