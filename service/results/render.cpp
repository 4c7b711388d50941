// SPDX-License-Identifier: Apache-2.0
#include "service/results/render.h"

#include <algorithm>

#include "service/results/render_claims.h"
#include "tcb/amd/floor.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using json::Writer;

std::string_view CheckResultName(CheckResult result) {
  switch (result) {
    case CheckResult::kPassed:
      return "passed";
    case CheckResult::kFailed:
      return "failed";
    case CheckResult::kNotRun:
      break;
  }
  return "not_run";
}

// Why a check failed: what its finding says.
std::string_view ReasonOf(const CheckLog::Entry& entry, const std::vector<Finding>& findings) {
  if (entry.result != CheckResult::kFailed) return entry.reason;
  const auto finding = std::find_if(findings.begin(), findings.end(),
                                    [&](const Finding& f) { return f.check == entry.check; });
  return finding == findings.end() ? std::string_view() : std::string_view(finding->message);
}

void WriteCheck(Writer& json, std::string_view check, CheckResult result, std::string_view reason) {
  json.BeginObject();
  json.Key("check").String(check);
  json.Key("result").String(CheckResultName(result));
  if (!reason.empty()) json.Key("reason").String(reason);
  json.EndObject();
}

void WriteList(Writer& json, std::string_view key, const std::vector<std::string>& texts) {
  json.Key(key).BeginArray();
  for (const std::string& text : texts) json.String(text);
  json.EndArray();
}

// Of a TD report that states it.
void WriteSecondTcb(Writer& json, std::string_view key, const std::optional<SecondTcb>& tcb) {
  if (!tcb) return;
  json.Key(key).BeginObject();
  json.Key("tcb_status");
  tcb->status ? json.String(TcbStatusName(*tcb->status)) : json.Null();
  if (tcb->date) json.Key("tcb_date").String(FormatRfc3339(*tcb->date));
  json.EndObject();
}

void WriteStatus(Writer& json, const Verdict& verdict) {
  json.Key("tcb_status");
  verdict.tcb_status ? json.String(TcbStatusName(*verdict.tcb_status)) : json.Null();
  json.Key("status_source").String(verdict.status_source == StatusSource::kIntel ? "intel" : "local_floor");
  if (verdict.tcb_date) json.Key("tcb_date").String(FormatRfc3339(*verdict.tcb_date));
  WriteSecondTcb(json, "current_tcb", verdict.current_tcb);
  WriteSecondTcb(json, "initial_tcb", verdict.initial_tcb);
  WriteList(json, "advisories", verdict.advisories);
  if (verdict.tee == Tee::kSnp) WriteList(json, "advisories_unproven", verdict.advisories_unproven);
}

void WriteFloors(Writer& json, const Verdict& verdict) {
  if (!verdict.floors) return;
  const FloorStanding& standing = *verdict.floors;
  const amd::FloorDocument& document = *standing.document;
  json.Key("floors").BeginObject();
  json.Key("name").String(document.name);
  json.Key("number").Unsigned(document.number);
  json.Key("sha256").Hex(document.sha256.view());
  json.Key("issued").String(amd::DayText(document.issued));
  json.Key("stale_after").String(amd::DayText(document.stale_after));
  json.Key("stale").Bool(standing.stale);
  if (document.overlay) {
    json.Key("overlay").BeginObject();
    json.Key("name").String(document.overlay->name);
    json.Key("number").Unsigned(document.overlay->number);
    json.Key("sha256").Hex(document.overlay->sha256.view());
    json.EndObject();
  }
  if (!standing.line.empty()) json.Key("cpu").String(standing.line);
  json.Key("level").String(standing.level);
  WriteList(json, "meets", standing.meets);
  // Bulletins that were published only after the time that is judged.
  if (!standing.left_out.empty()) WriteList(json, "left_out", standing.left_out);
  if (!standing.waived.empty()) {
    WriteList(json, "waived", standing.waived);
    json.Key("status_with_waivers");
    standing.status_with_waivers ? json.String(TcbStatusName(*standing.status_with_waivers)) : json.Null();
  }
  if (const std::string summary = amd::FloorSummary(verdict); !summary.empty())
    json.Key("summary").String(summary);
  json.EndObject();
}

void WriteFindings(Writer& json, const Verdict& verdict) {
  json.Key("findings").BeginArray();
  for (const Finding& finding : verdict.findings) {
    json.BeginObject();
    json.Key("check").String(CheckName(finding.check));
    json.Key("severity").String(SeverityName(finding.severity));
    json.Key("message").String(finding.message);
    json.EndObject();
  }
  json.EndArray();
}

void WriteAmount(Writer& json, uint32_t number, const std::string& text) {
  text.empty() ? json.Unsigned(number) : json.String(text);
}

void WriteShortfalls(Writer& json, const Verdict& verdict) {
  json.Key("shortfalls").BeginArray();
  for (const Shortfall& shortfall : verdict.shortfalls) {
    json.BeginObject();
    if (!shortfall.bulletin.empty()) json.Key("bulletin").String(shortfall.bulletin);
    json.Key("component").String(shortfall.component);
    if (!shortfall.view.empty()) json.Key("view").String(shortfall.view);
    WriteAmount(json.Key("have"), shortfall.have, shortfall.have_text);
    WriteAmount(json.Key("need"), shortfall.need, shortfall.need_text);
    json.Key("update").String(shortfall.update);
    json.EndObject();
  }
  json.EndArray();
}

void WritePolicy(Writer& json, const ResultView& result) {
  json.Key("policy").BeginObject();
  json.Key("id").String(result.policy.id);
  json.Key("sha256").Hex(result.policy.sha256.view());
  json.Key("rules").BeginArray();
  for (const RuleOutcome& rule : result.decision.rules) {
    json.BeginObject();
    json.Key("rule").String(rule.rule);
    json.Key("wanted").Raw(rule.wanted);
    json.Key("found").Raw(rule.found);
    json.Key("ok").Bool(rule.ok);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

void WriteNonce(Writer& json, const std::optional<NonceOutcome>& nonce) {
  if (!nonce) return;
  json.Key("nonce").BeginObject();
  json.Key("expected").Hex(nonce->expected);
  json.Key(nonce->in_tpm_quote ? "extra_data" : "report_data").Hex(nonce->compared);
  json.Key("freshness").String(FreshnessOfNonceName(nonce->freshness));
  json.EndObject();
}

}  // namespace

void WriteCollateral(Writer& json, const std::vector<UsedCollateral>& collateral) {
  json.Key("collateral").BeginArray();
  for (const UsedCollateral& used : collateral) {
    json.BeginObject();
    json.Key("item").String(used.item);
    json.Key("sha256").Hex(used.sha256.view());
    json.Key("issued").String(FormatRfc3339(used.window.not_before));
    json.Key("next_update").String(FormatRfc3339(used.window.not_after));
    json.Key("brought_by").String(BroughtByName(used.by));
    json.Key("source").String(used.source.empty() ? BroughtByName(used.by) : used.source);
    json.EndObject();
  }
  json.EndArray();
}

void WriteGrace(Writer& json, Seconds used) {
  if (used > Seconds(0)) json.Key("grace_used").String(FormatDuration(used));
}

void WriteEvaluation(Writer& json, const ResultView& result) {
  const Verdict& verdict = result.verdict;
  json.Key("evaluation").BeginObject();
  if (!result.baseline.empty()) json.Key("baseline").String(result.baseline);
  if (result.baseline_version != 0) json.Key("baseline_version").Unsigned(result.baseline_version);
  if (verdict.tcb_info_evaluation) json.Key("tcb_info").Unsigned(*verdict.tcb_info_evaluation);
  if (verdict.qe_identity_evaluation) json.Key("qe_identity").Unsigned(*verdict.qe_identity_evaluation);
  if (verdict.floors) json.Key("floor").String(verdict.floors->document->Title());
  json.EndObject();
}

void WriteChecks(Writer& json, const CheckLog& checks, const std::vector<Finding>& findings) {
  for (const CheckLog::Entry& entry : checks.Entries()) {
    WriteCheck(json, CheckName(entry.check), entry.result, ReasonOf(entry, findings));
  }
}

std::string RenderResult(const ResultView& result, const std::optional<std::string>& ear) {
  const Verdict& verdict = result.verdict;
  std::string out;
  out.reserve(8192);  // most are of 4 to 7 KB
  Writer json(&out);
  json.BeginObject();
  json.Key("about").String(AboutText(result.outcome.about));
  json.Key("decision").String(result.decision.accept ? "accept" : "reject");
  json.Key("authentic").Bool(verdict.authentic);
  json.Key("tee").String(IsHardwareTee(verdict.tee) ? TeeName(verdict.tee) : "none");
  json.Key("evidence_class").String(ProofClassName(verdict.tee));
  WriteStatus(json, verdict);
  WriteFindings(json, verdict);
  json.Key("checks").BeginArray();
  WriteChecks(json, verdict.checks, verdict.findings);
  for (const RuleOutcome& rule : result.decision.rules) {
    const std::string reason = rule.ok ? "" : StrCat("wanted ", rule.wanted, ", found ", rule.found);
    WriteCheck(json, StrCat("policy.", rule.rule), rule.ok ? CheckResult::kPassed : CheckResult::kFailed,
               reason);
  }
  json.EndArray();
  WriteShortfalls(json, verdict);
  WriteFloors(json, verdict);
  WritePlatform(json.Key("platform"), verdict);
  WriteClaims(json.Key("claims"), verdict);
  WriteCollateral(json, result.outcome.collateral);
  if (const auto& mode = result.outcome.caller_collateral)
    json.Key("caller_collateral").String(CallerCollateralName(*mode));
  WriteGrace(json, result.outcome.grace_used);
  WriteNonce(json, result.outcome.nonce);
  WriteEvaluation(json, result);
  if (!verdict.trust_anchor.empty()) json.Key("trust_anchor").String(verdict.trust_anchor);
  json.Key("at").String(FormatRfc3339(verdict.at));
  if (verdict.window.not_after != Instant::max()) {
    json.Key("earliest_expiry").String(FormatRfc3339(verdict.window.not_after));
  }
  WritePolicy(json, result);
  if (ear) json.Key("ear").String(*ear);
  json.EndObject();
  return out;
}

}  // namespace thimble
