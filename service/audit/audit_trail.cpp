// SPDX-License-Identifier: Apache-2.0
#include "service/audit/audit_trail.h"

#include "service/support/log.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using json::Writer;

// A record's members, without the braces around them.
template <class Write>
std::string Members(std::string_view kind, const Write& write) {
  std::string out;
  Writer json(&out);
  json.BeginObject();
  json.Key("kind").String(kind);
  write(json);
  json.EndObject();
  return out.substr(1, out.size() - 2);
}

// -- what was asked --

void WriteAsked(Writer& json, const VerificationRequest& asked) {
  json.Key("evidence_sha256").Hex(Sha256(asked.evidence).view());
  if (asked.report_data) json.Key("report_data").Hex(*asked.report_data);
  if (asked.nonce) json.Key("nonce").Hex(*asked.nonce);
  if (asked.runtime_data) json.Key("runtime_data_sha256").Hex(Sha256(*asked.runtime_data).view());
  json.Key("policy").BeginObject();
  json.Key("id").String(asked.policy->id);
  json.Key("sha256").Hex(asked.policy->sha256.view());
  json.EndObject();
  if (asked.baseline_name.empty()) return;
  json.Key("baseline").BeginObject();
  json.Key("name").String(asked.baseline_name);
  json.Key("version").Unsigned(asked.baseline_version);
  WriteBaseline(json, asked.baseline);
  json.EndObject();
}

// -- what came of it --

void WriteFailed(Writer& json, const VerificationOutcome& outcome) {
  json.Key("findings").BeginArray();
  for (const Finding& finding : outcome.verdict.findings) json.String(CheckName(finding.check));
  json.EndArray();
  json.Key("refused_by").BeginArray();
  for (const RuleOutcome& rule : outcome.decision.rules) {
    if (!rule.ok) json.String(rule.rule);
  }
  json.EndArray();
}

void WriteFloors(Writer& json, const FloorStanding& floors) {
  json.Key("floor").String(floors.document->Title());
  json.Key("floor_sha256").Hex(floors.document->sha256.view());
  if (floors.document->overlay) json.Key("floor_overlay_sha256").Hex(floors.document->overlay->sha256.view());
  json.Key("floor_level").String(floors.level);
}

void WriteUsed(Writer& json, const VerificationOutcome& outcome) {
  const Verdict& verdict = outcome.verdict;
  if (verdict.tcb_info_evaluation) json.Key("tcb_info").Unsigned(*verdict.tcb_info_evaluation);
  if (verdict.qe_identity_evaluation) json.Key("qe_identity").Unsigned(*verdict.qe_identity_evaluation);
  if (verdict.floors) WriteFloors(json, *verdict.floors);
  if (outcome.caller_collateral)
    json.Key("caller_collateral").String(CallerCollateralName(*outcome.caller_collateral));
  json.Key("collateral").BeginArray();
  for (const UsedCollateral& used : outcome.collateral) {
    json.BeginObject();
    json.Key("item").String(used.item);
    json.Key("sha256").Hex(used.sha256.view());
    json.Key("brought_by").String(BroughtByName(used.by));
    json.EndObject();
  }
  json.EndArray();
}

void WriteOutcome(Writer& json, const VerificationOutcome& outcome) {
  const Verdict& verdict = outcome.verdict;
  json.Key("about").String(AboutText(outcome.about));
  json.Key("at").String(FormatRfc3339(verdict.at));
  json.Key("decision").String(outcome.decision.accept ? "accept" : "reject");
  json.Key("authentic").Bool(verdict.authentic);
  json.Key("tee").String(TeeName(verdict.tee));
  json.Key("tcb_status");
  verdict.tcb_status ? json.String(TcbStatusName(*verdict.tcb_status)) : json.Null();
  WriteFailed(json, outcome);
  WriteUsed(json, outcome);
}

}  // namespace

Status AuditTrail::Decision(const AuditedRequest& request, const VerificationRequest& asked,
                            const VerificationOutcome& outcome, const std::optional<std::string>& token_id) {
  if (!log_) return {};
  return log_->Append(Members("decision", [&](Writer& json) {
    json.Key("request").String(request.id);
    json.Key("client").String(request.client);
    WriteAsked(json, asked);
    WriteOutcome(json, outcome);
    if (token_id) json.Key("jti").String(*token_id);
  }));
}

Status AuditTrail::Change(const BaselineChange& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("baseline", [&](Writer& json) {
    json.Key("action").String(ActionName(change.action));
    json.Key("by").String(change.by);
    if (change.refused) WriteRefusals(json.Key("refused"), *change.refused);
    json.Key("baseline");
    WriteState(json, change.state);
  }));
}

Status AuditTrail::Change(const FloorChange& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("floors", [&](Writer& json) {
    json.Key("name").String(change.name);
    json.Key("number").Unsigned(change.number);
    json.Key("sha256").Hex(change.sha256.view());
    json.Key("source").String(change.source);
    json.Key("by").String(change.by);
  }));
}

Status AuditTrail::Change(const MovedSet& moved) {
  if (!log_) return {};
  return log_->AppendDurably(Members("moved_set", [&](Writer& json) {
    json.Key("tee").String(moved.tee == IntelTee::kTdx ? "tdx" : "sgx");
    json.Key("set").String(moved.selector.ToString());
    json.Key("from").Unsigned(moved.from);
    json.Key("to").Unsigned(moved.to);
    WriteRefusals(json.Key("refused"), moved.refused);
    json.Key("baselines").BeginArray();
    for (const std::string& name : moved.baselines) json.String(name);
    json.EndArray();
    json.Key("items").BeginArray();
    for (const CollateralKey& key : moved.items) json.String(KeyName(key));
    json.EndArray();
  }));
}

Status AuditTrail::Change(const KeyChange& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("result_key", [&](Writer& json) {
    json.Key("by").String(change.by);
    json.Key("kid").String(change.fresh);
    json.Key("retired").String(change.retired);
    json.Key("retired_until").String(FormatRfc3339(change.retired_until));
  }));
}

Status AuditTrail::InForce(const std::map<std::string, Policy, std::less<>>& policies,
                           const BaselineBook& baselines) {
  if (!log_) return {};
  return log_->AppendDurably(Members("in_force", [&](Writer& json) {
    json.Key("policies").BeginArray();
    for (const auto& [name, policy] : policies) {
      json.BeginObject();
      json.Key("id").String(name);
      json.Key("sha256").Hex(policy.sha256.view());
      json.EndObject();
    }
    json.EndArray();
    json.Key("baselines").BeginArray();
    for (const auto& [name, state] : baselines.All()) WriteState(json, state);
    json.EndArray();
  }));
}

std::optional<AuditLog::State> AuditTrail::state() const {
  return log_ ? std::optional(log_->state()) : std::nullopt;
}

}  // namespace thimble
