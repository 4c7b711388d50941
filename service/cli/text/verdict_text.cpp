// SPDX-License-Identifier: Apache-2.0
#include "service/cli/text/verdict_text.h"

#include <algorithm>

#include "service/cli/text/causes.h"
#include "service/cli/text/result_members.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using json::Value;

constexpr size_t kIndent = 2, kHang = 4, kDay = 10;  // "2026-06-01"

class Page {
 public:
  void Decision(bool accept, std::string text) {
    lines_.push_back(
        {0,
         8,
         {{accept ? Ink::kGood : Ink::kBad, accept ? "ACCEPT" : "REJECT"}, {Ink::kPlain, "  " + text}}});
  }
  void Section(std::string title) {
    lines_.push_back({});
    lines_.push_back({0, 0, {{Ink::kTitle, std::move(title)}}});
  }
  void Line(std::string text) { lines_.push_back({kIndent, kHang, {{Ink::kPlain, std::move(text)}}}); }
  void Faint(std::string text) { lines_.push_back({kIndent, kHang, {{Ink::kFaint, std::move(text)}}}); }
  std::vector<StyledLine> Lines() && { return std::move(lines_); }

 private:
  std::vector<StyledLine> lines_;
};

std::string PolicyOf(const Value& result) {
  const auto policy = result.Find("policy");
  return policy ? MemberText(*policy, "id") : "";
}

// What is known of the TCB, of evidence that is authentic.
std::string StatusOf(const Value& result) {
  const std::string status = MemberText(result, "tcb_status");
  const bool local = MemberText(result, "status_source") == "local_floor";
  if (!status.empty()) return StrCat(status, local ? " by the local floors" : "");
  const size_t unproven = MemberList(result, "advisories_unproven").size();
  if (unproven == 0) return "no TCB status";
  return StrCat("no TCB status: short of nothing known, ", unproven,
                unproven == 1 ? " bulletin is unproven" : " bulletins are unproven");
}

// One cause in the line; how many more there are.
std::string RejectText(const Value& result, const Causes& causes) {
  const Cause& first = causes.list.front();
  const size_t more = causes.list.size() - 1;
  const std::string others = more == 0 ? "" : StrCat("; and ", more, " more");
  if (!IsTrue(result, "authentic"))
    return StrCat("not authentic: ", first.sentence, " (", first.name, ")", others);
  if (first.name != "policy.accepted_statuses")
    return StrCat(StatusOf(result), ", but ", first.sentence, others);
  const std::vector<std::string> shortfalls = ShortfallTexts(result);
  std::string what = shortfalls.empty() ? "" : StrCat(": ", shortfalls.front());
  if (shortfalls.size() > 1) what += StrCat(" and ", shortfalls.size() - 1, " more");
  const size_t accepts = first.sentence.rfind("; policy ");
  return StrCat(StatusOf(result), what, accepts == std::string::npos ? "" : first.sentence.substr(accepts),
                others);
}

void AddDecision(Page& page, const Value& result, const Causes& causes) {
  const std::string about = MemberText(result, "about");
  const std::string when = about.empty() || about == "now" ? "" : StrCat(", about ", about);
  if (MemberText(result, "decision") == "accept") {
    const bool unproven =
        MemberText(result, "tcb_status").empty() && !MemberList(result, "advisories_unproven").empty();
    page.Decision(true, StrCat(StatusOf(result), "; policy ", PolicyOf(result),
                               unproven ? " accepts that (amd_floor)" : "", when));
  } else {
    page.Decision(false, StrCat(RejectText(result, causes), when));
  }
}

void AddWhy(Page& page, const Value& result, const Causes& causes) {
  page.Section("why");
  for (const Cause& cause : causes.list)
    page.Line(StrCat(cause.name.empty() ? "" : StrCat(cause.name, ": "), cause.sentence));
  if (causes.consequences > 0)
    page.Faint(StrCat(causes.consequences, causes.consequences == 1 ? " rule" : " rules", " of policy ",
                      PolicyOf(result), " cannot hold because of this"));
  std::vector<std::string_view> said{""};  // two causes may have one remedy
  for (const Cause& cause : causes.list) {
    if (std::ranges::find(said, cause.to_fix) != said.end()) continue;
    if (said.size() == 1) page.Section("to fix");
    page.Line(cause.to_fix);
    said.push_back(cause.to_fix);
  }
}

// Findings that decided nothing, and yet are worth a look.
void AddNotes(Page& page, const Value& result) {
  bool titled = false;
  for (const Value& finding : MemberList(result, "findings")) {
    if (MemberText(finding, "severity") != "note") continue;
    if (!titled) page.Section("notes");
    titled = true;
    page.Line(StrCat(MemberText(finding, "check"), ": ", MemberText(finding, "message")));
  }
}

// What of it is ours to say: the root is pinned in the program, or the operator has added it.
std::string AnchorText(const Value& result, const std::string& anchor) {
  const auto findings = MemberList(result, "findings");
  const bool added = std::ranges::any_of(findings, [](const Value& finding) {
    return MemberText(finding, "check") == CheckName(Check::kTrustAnchorExtra);
  });
  return StrCat("root: ", anchor, added ? " (added by the operator)" : " (pinned)");
}

void AddBasis(Page& page, const Value& result, const std::string& judge) {
  page.Section("rests on");
  const std::string anchor = MemberText(result, "trust_anchor"), end = MemberText(result, "earliest_expiry");
  page.Line(StrCat("judged by ", judge, " at ", MemberText(result, "at"),
                   end.empty() || anchor.empty() ? "" : StrCat(", on what holds until ", end)));
  if (!anchor.empty()) page.Line(AnchorText(result, anchor));
  if (const std::string evaluation = MemberText(result, "evaluation"); !evaluation.empty())
    page.Line(evaluation);
  const std::string grace = MemberText(result, "grace_used");
  if (!grace.empty()) page.Line(StrCat("grace used: ", grace));
  for (const Value& item : MemberList(result, "collateral")) {
    page.Line(StrCat(MemberText(item, "item"), ": ", MemberText(item, "issued").substr(0, kDay), " to ",
                     MemberText(item, "next_update").substr(0, kDay), ", first from ",
                     MemberText(item, "source")));
  }
}

}  // namespace

Result<std::vector<StyledLine>> VerdictText(std::string_view result_json, const std::string& judge) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(result_json, "result", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  const Value result = document->root();
  const Causes causes = CausesOf(result);
  Page page;
  AddDecision(page, result, causes);
  if (!causes.list.empty()) AddWhy(page, result, causes);
  AddNotes(page, result);
  AddBasis(page, result, judge);
  return std::move(page).Lines();
}

}  // namespace thimble
