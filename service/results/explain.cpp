// SPDX-License-Identifier: Apache-2.0
#include "service/results/explain.h"

#include "service/support/json_text.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using json::Value;

// A member in one line; empty when it is not there, or is an empty list.
std::string TextOf(const Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member) return {};
  const auto list = member->Array();
  if (list && list->empty()) return {};
  return InlineText(*member);
}

std::vector<Value> ListOf(const Value& object, std::string_view name) {
  const auto member = object.Find(name);
  if (!member) return {};
  auto list = member->Array();
  return list ? std::move(list).value() : std::vector<Value>();
}

void AddLine(Lines& out, std::string_view label, const std::string& text) {
  if (text.empty()) return;
  std::string padded(label);
  padded.resize(14, ' ');
  out.Add(StrCat(padded, text));
}

// "meets entrysign-badram; behind on AMD-SB-3020 (snp 24, needs 27); by thimble-amd-floors 7 of 2026-11-30"
std::string FloorsLine(const Value& floors) {
  const std::string summary = TextOf(floors, "summary"), waived = TextOf(floors, "waived");
  const auto overlay = floors.Find("overlay");
  return StrCat(summary, summary.empty() ? "" : "; ", waived.empty() ? "" : StrCat("waived: ", waived, "; "),
                "by ", TextOf(floors, "name"), " ", TextOf(floors, "number"), " of ",
                TextOf(floors, "issued"),
                overlay ? StrCat(" + ", TextOf(*overlay, "name"), " ", TextOf(*overlay, "number")) : "",
                TextOf(floors, "stale") == "yes" ? ", which is stale" : "");
}

// What has a title, unless there is nothing of it.
Lines Titled(std::string_view title, const Lines& lines) {
  if (lines.empty()) return {};
  Lines out = {"", std::string(title)};
  out.Add(lines);
  return out;
}

Lines Summary(const Value& result) {
  Lines out;
  const std::string about = TextOf(result, "about");
  AddLine(out, "decision",
          StrCat(TextOf(result, "decision"), about == "now" ? "" : StrCat(", about ", about)));
  AddLine(out, "evidence", TextOf(result, "tee"));
  const std::string anchor = TextOf(result, "trust_anchor");
  AddLine(out, "authentic", StrCat(TextOf(result, "authentic"), anchor.empty() ? "" : ", up to ", anchor));
  const std::string date = TextOf(result, "tcb_date");
  const bool local = TextOf(result, "status_source") == "local_floor";
  AddLine(out, "TCB status",
          StrCat(TextOf(result, "tcb_status"), date.empty() ? "" : ", of ", date,
                 local ? ", by local policy: AMD publishes no status" : ""));
  AddLine(out, "TCB now", TextOf(result, "current_tcb"));
  AddLine(out, "TCB before", TextOf(result, "initial_tcb"));
  AddLine(out, "advisories", TextOf(result, "advisories"));
  AddLine(out, "unproven", TextOf(result, "advisories_unproven"));
  if (const auto floors = result.Find("floors")) AddLine(out, "floors", FloorsLine(*floors));
  const std::string expiry = TextOf(result, "earliest_expiry");
  AddLine(out, "judged at",
          StrCat(TextOf(result, "at"), expiry.empty() ? "" : ", on what holds until ", expiry));
  AddLine(out, "grace used", TextOf(result, "grace_used"));
  AddLine(out, "brought", TextOf(result, "caller_collateral"));
  if (const auto evaluation = result.Find("evaluation")) AddLine(out, "evaluation", InlineText(*evaluation));
  return out;
}

Lines Findings(const Value& result) {
  Lines out;
  for (const Value& finding : ListOf(result, "findings")) {
    out.Add(StrCat("  ", TextOf(finding, "severity"), "  ", TextOf(finding, "check"), ": ",
                   TextOf(finding, "message")));
  }
  return Titled("findings", out);
}

Lines Shortfalls(const Value& result) {
  Lines out;
  for (const Value& shortfall : ListOf(result, "shortfalls")) {
    const std::string update = TextOf(shortfall, "update"), bulletin = TextOf(shortfall, "bulletin");
    const std::string view = TextOf(shortfall, "view");
    const std::string_view cure = update.empty() ? "" : bulletin.empty() ? "; update the " : "; cure: ";
    out.Add(StrCat("  ", bulletin, bulletin.empty() ? "" : ", ", TextOf(shortfall, "component"),
                   view.empty() ? "" : StrCat(" (", view, ")"), ": has ", TextOf(shortfall, "have"),
                   ", needs ", TextOf(shortfall, "need"), cure, update));
  }
  return Titled("short of the best TCB level", out);
}

Lines Checks(const Value& result) {
  size_t passed = 0;
  Lines others;
  for (const Value& check : ListOf(result, "checks")) {
    const std::string outcome = TextOf(check, "result");
    if (outcome == "passed") {
      ++passed;
      continue;
    }
    const std::string reason = TextOf(check, "reason");
    others.Add(StrCat("  ", outcome == "failed" ? "failed   " : "not run  ", TextOf(check, "check"),
                      reason.empty() ? "" : ": ", reason));
  }
  Lines out = {"", StrCat("checks: ", passed, " passed", others.empty() ? "" : "; the others")};
  out.Add(others);
  return out;
}

Lines PolicyRules(const Value& result) {
  const auto policy = result.Find("policy");
  if (!policy) return {};
  Lines out = {"", StrCat("policy ", TextOf(*policy, "id"))};
  for (const Value& rule : ListOf(*policy, "rules")) {
    const bool ok = TextOf(rule, "ok") == "yes";
    out.Add(StrCat(ok ? "  holds   " : "  fails   ", TextOf(rule, "rule"), ": wanted ",
                   TextOf(rule, "wanted"), ", found ", TextOf(rule, "found")));
  }
  return out;
}

Lines Collateral(const Value& result) {
  Lines out;
  for (const Value& item : ListOf(result, "collateral")) {
    out.Add(StrCat("  ", TextOf(item, "item"), ": ", TextOf(item, "issued"), " to ",
                   TextOf(item, "next_update"), ", first from ", TextOf(item, "source")));
  }
  return Titled("collateral", out);
}

Lines Section(const Value& result, std::string_view name) {
  const auto member = result.Find(name);
  return Titled(name, member ? IndentedText(*member, 2) : Lines());
}

}  // namespace

Result<Lines> ExplainResult(std::string_view result_json) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(result_json, "result", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  const Value result = document->root();
  Lines out = Summary(result);
  for (const Lines& part : {Findings(result), Shortfalls(result), PolicyRules(result), Checks(result),
                            Section(result, "platform"), Section(result, "claims"), Collateral(result)}) {
    out.Add(part);
  }
  return out;
}

}  // namespace thimble
