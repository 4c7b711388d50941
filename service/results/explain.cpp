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

void AddLine(std::string& out, std::string_view label, const std::string& text) {
  if (text.empty()) return;
  std::string padded(label);
  padded.resize(14, ' ');
  out += StrCat(padded, text, "\n");
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

std::string Summary(const Value& result) {
  std::string out;
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
  AddLine(out, "advisories", TextOf(result, "advisories"));
  AddLine(out, "unproven", TextOf(result, "advisories_unproven"));
  if (const auto floors = result.Find("floors")) AddLine(out, "floors", FloorsLine(*floors));
  const std::string expiry = TextOf(result, "earliest_expiry");
  AddLine(out, "judged at",
          StrCat(TextOf(result, "at"), expiry.empty() ? "" : ", on what holds until ", expiry));
  AddLine(out, "brought", TextOf(result, "caller_collateral"));
  if (const auto evaluation = result.Find("evaluation")) AddLine(out, "evaluation", InlineText(*evaluation));
  return out;
}

std::string Findings(const Value& result) {
  std::string out;
  for (const Value& finding : ListOf(result, "findings")) {
    out += StrCat("  ", TextOf(finding, "severity"), "  ", TextOf(finding, "check"), ": ",
                  TextOf(finding, "message"), "\n");
  }
  return out.empty() ? out : StrCat("\nfindings\n", out);
}

std::string Shortfalls(const Value& result) {
  std::string out;
  for (const Value& shortfall : ListOf(result, "shortfalls")) {
    const std::string update = TextOf(shortfall, "update"), bulletin = TextOf(shortfall, "bulletin");
    const std::string view = TextOf(shortfall, "view");
    out += StrCat("  ", bulletin, bulletin.empty() ? "" : ", ", TextOf(shortfall, "component"),
                  view.empty() ? "" : StrCat(" (", view, ")"), ": has ", TextOf(shortfall, "have"),
                  ", needs ", TextOf(shortfall, "need"),
                  update.empty()     ? ""
                  : bulletin.empty() ? "; update the "
                                     : "; cure: ",
                  update, "\n");
  }
  return out.empty() ? out : StrCat("\nshort of the best TCB level\n", out);
}

std::string Checks(const Value& result) {
  size_t passed = 0;
  std::string others;
  for (const Value& check : ListOf(result, "checks")) {
    const std::string outcome = TextOf(check, "result");
    if (outcome == "passed") {
      ++passed;
      continue;
    }
    const std::string reason = TextOf(check, "reason");
    others += StrCat("  ", outcome == "failed" ? "failed   " : "not run  ", TextOf(check, "check"),
                     reason.empty() ? "" : ": ", reason, "\n");
  }
  return StrCat("\nchecks: ", passed, " passed", others.empty() ? "" : "; the others", "\n", others);
}

std::string PolicyRules(const Value& result) {
  const auto policy = result.Find("policy");
  if (!policy) return {};
  std::string out = StrCat("\npolicy ", TextOf(*policy, "id"), "\n");
  for (const Value& rule : ListOf(*policy, "rules")) {
    const bool ok = TextOf(rule, "ok") == "yes";
    out += StrCat(ok ? "  holds   " : "  broken  ", TextOf(rule, "rule"), ": wanted ", TextOf(rule, "wanted"),
                  ", found ", TextOf(rule, "found"), "\n");
  }
  return out;
}

std::string Collateral(const Value& result) {
  std::string out;
  for (const Value& item : ListOf(result, "collateral")) {
    out += StrCat("  ", TextOf(item, "item"), ": ", TextOf(item, "issued"), " to ",
                  TextOf(item, "next_update"), ", from ", TextOf(item, "source"), "\n");
  }
  return out.empty() ? out : StrCat("\ncollateral\n", out);
}

std::string Section(const Value& result, std::string_view name) {
  const auto member = result.Find(name);
  const std::string text = member ? IndentedText(*member, 2) : std::string();
  return text.empty() ? text : StrCat("\n", name, "\n", text);
}

}  // namespace

Result<std::string> ExplainResult(std::string_view result_json) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(result_json, "result", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  const Value result = document->root();
  return StrCat(Summary(result), Findings(result), Shortfalls(result), PolicyRules(result), Checks(result),
                Section(result, "platform"), Section(result, "claims"), Collateral(result));
}

}  // namespace thimble
