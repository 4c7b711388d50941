// SPDX-License-Identifier: Apache-2.0
#include "service/audit/audit_trail.h"

#include "service/audit/request_parts.h"
#include "service/support/version.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy/digest.h"
#include "tcb/tpm/azure_certificates.h"

namespace thimble {
namespace {

using json::Writer;

constexpr std::chrono::seconds kCloseEvery{1};
constexpr auto kChange = AuditLog::Room::kBeyondLimit;

// Members without the braces around them.
template <class Write>
std::string Members(const Write& write) {
  std::string out;
  Writer json(&out);
  json.BeginObject();
  write(json);
  json.EndObject();
  return out.substr(1, out.size() - 2);
}

// A whole record's.
template <class Write>
std::string Members(std::string_view kind, const Write& write) {
  return Members([&](Writer& json) {
    json.Key("kind").String(kind);
    write(json);
  });
}

// -- what was asked --

void WriteAsked(Writer& json, const VerificationRequest& asked, const Digest256& evidence) {
  json.Key("evidence_sha256").Hex(evidence.view());
  if (asked.report_data) json.Key("report_data").Hex(*asked.report_data);
  if (asked.nonce) json.Key("nonce").Hex(*asked.nonce);
  if (asked.product) json.Key("product").String(amd::ProductName(*asked.product));
  for (const auto& [name, sha256] : PartsOf(asked)) json.Key(StrCat(name, "_sha256")).Hex(sha256.view());
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
  json.Key("decision").String(outcome.decision.accept ? "accept" : "reject");
  json.Key("authentic").Bool(verdict.authentic);
  json.Key("tee").String(TeeName(verdict.tee));
  json.Key("tcb_status");
  verdict.tcb_status ? json.String(TcbStatusName(*verdict.tcb_status)) : json.Null();
  if (!verdict.trust_anchor.empty()) json.Key("trust_anchor").String(verdict.trust_anchor);
  WriteFailed(json, outcome);
  WriteUsed(json, outcome);
}

// What it was rejected for, in a word.
std::string CauseOf(const VerificationOutcome& outcome) {
  if (const Finding* hard = outcome.verdict.hard()) return std::string(CheckName(hard->check));
  for (const RuleOutcome& rule : outcome.decision.rules) {
    if (!rule.ok) return StrCat("policy: ", rule.rule);
  }
  return "policy";
}

// A signed result, or the use of a nonce of ours. A nonce of the caller's own can be sent again at will.
bool GaveSomething(const VerificationOutcome& outcome, bool token) {
  return token || (outcome.nonce && outcome.nonce->freshness == NonceOutcome::Freshness::kIssuedHere);
}

DecisionRecord RecordOf(const AuditedRequest& request, const VerificationRequest& asked,
                        const VerificationOutcome& outcome, const std::optional<std::string>& token_id) {
  DecisionRecord record;
  record.request = request.id;
  record.client = request.client;
  record.evidence = Sha256(asked.evidence);
  record.own = Members("decision", [&](Writer& json) {
    json.Key("request").String(request.id);
    json.Key("at").String(FormatRfc3339(outcome.verdict.at));
  });
  record.shared = Members([&](Writer& json) {
    json.Key("client").String(request.client);
    WriteAuthor(json.Key("by"), request.by);
    WriteAsked(json, asked, record.evidence);
    WriteOutcome(json, outcome);
    if (token_id) json.Key("jti").String(*token_id);
  });
  record.accepted = outcome.decision.accept;
  if (!record.accepted) record.cause = CauseOf(outcome);
  record.gave = GaveSomething(outcome, token_id.has_value());
  return record;
}

// -- what decisions go by --

// Whole: the digests in later records are of these, and the configuration has others by then.
void WritePolicies(Writer& json, const std::map<std::string, Policy, std::less<>>& policies) {
  json.BeginArray();
  for (const auto& [name, policy] : policies) {
    json.BeginObject();
    json.Key("id").String(name);
    json.Key("sha256").Hex(policy.sha256.view());
    json.Key("canonical").Raw(CanonicalPolicy(policy));
    json.EndObject();
  }
  json.EndArray();
}

void WriteRoots(Writer& json, AnchorUse use, const std::vector<PathRoot>& roots) {
  for (const PathRoot& root : roots) {
    json.BeginObject();
    json.Key("name").String(root.name);
    json.Key("spki_sha256").Hex(root.spki_sha256.view());
    json.Key("added").Bool(root.extra);
    json.Key("use").String(AnchorUseName(use));
    json.EndObject();
  }
}

void WriteAnchors(Writer& json, const TrustAnchors& anchors) {
  json.BeginArray();
  WriteRoots(json, AnchorUse::kTpm, tpm::AzureTpmRoots());
  for (const AnchorUse use : kAnchorUses) WriteRoots(json, use, anchors.For(use).roots);
  for (const TrustAnchor& anchor : anchors.all()) {
    json.BeginObject();
    json.Key("name").String(anchor.name);
    json.Key("spki_sha256").Hex(anchor.spki_sha256.view());
    json.Key("added").Bool(anchor.extra);
    json.EndObject();
  }
  json.EndArray();
}

void WriteDocuments(Writer& json, const std::vector<amd::FloorsPtr>& floors) {
  json.BeginArray();
  for (const amd::FloorsPtr& document : floors) {
    json.BeginObject();
    json.Key("title").String(document->Title());
    json.Key("sha256").Hex(document->sha256.view());
    if (document->overlay) json.Key("overlay_sha256").Hex(document->overlay->sha256.view());
    json.EndObject();
  }
  json.EndArray();
}

void WriteRules(Writer& json, const AuditTrail::Rules& rules) {
  json.Key("version").String(kVersion);
  WritePolicies(json.Key("policies"), rules.policies);
  json.Key("baselines").BeginArray();
  for (const auto& [name, state] : rules.baselines.All()) WriteState(json, state);
  json.EndArray();
  WriteAnchors(json.Key("anchors"), rules.anchors);
  WriteDocuments(json.Key("floors"), rules.floors);
}

}  // namespace

std::string DecisionJson(const VerificationRequest& asked, const VerificationOutcome& outcome) {
  return StrCat("{", Members([&](Writer& json) {
                  WriteAsked(json, asked, Sha256(asked.evidence));
                  WriteOutcome(json, outcome);
                }),
                "}");
}

AuditTrail::AuditTrail(std::unique_ptr<AuditLog> log) : log_(std::move(log)) {
  if (!log_) return;
  groups_ = std::make_unique<DecisionGroups>(*log_, DecisionGroups::Clocks{log_->now()});
  closing_ = std::make_unique<PeriodicTasks>(
      std::vector<PeriodicTask>{{kCloseEvery, [this] { groups_->Close(DecisionGroups::Which::kOver); }}});
}

AuditTrail::~AuditTrail() {
  closing_.reset();
  if (groups_) groups_->Close(DecisionGroups::Which::kAll);
}

Status AuditTrail::Decision(const AuditedRequest& request, const VerificationRequest& asked,
                            const VerificationOutcome& outcome, const std::optional<std::string>& token_id) {
  if (!log_) return {};
  return groups_->Add(RecordOf(request, asked, outcome, token_id));
}

Status AuditTrail::Change(const BaselineChange& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("baseline",
                                     [&](Writer& json) {
                                       json.Key("action").String(ActionName(change.action));
                                       WriteAuthor(json.Key("by"), change.by);
                                       if (change.refused)
                                         WriteRefusals(json.Key("refused"), *change.refused);
                                       json.Key("baseline");
                                       WriteState(json, change.state);
                                     }),
                             kChange);
}

Status AuditTrail::Change(const FloorChange& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("floors",
                                     [&](Writer& json) {
                                       json.Key("name").String(change.name);
                                       json.Key("number").Unsigned(change.number);
                                       json.Key("sha256").Hex(change.sha256.view());
                                       json.Key("source").String(change.source);
                                       WriteAuthor(json.Key("by"), change.by);
                                     }),
                             kChange);
}

Status AuditTrail::Change(const MovedSet& moved) {
  if (!log_) return {};
  return log_->AppendDurably(Members("moved_set",
                                     [&](Writer& json) {
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
                                     }),
                             kChange);
}

Status AuditTrail::Change(const KeyChange& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("result_key",
                                     [&](Writer& json) {
                                       WriteAuthor(json.Key("by"), change.by);
                                       json.Key("kid").String(change.fresh);
                                       json.Key("retired").String(change.retired);
                                       json.Key("retired_until").String(FormatRfc3339(change.retired_until));
                                     }),
                             kChange);
}

Status AuditTrail::Change(const ForgottenPlatform& change) {
  if (!log_) return {};
  return log_->AppendDurably(Members("platform_forgotten",
                                     [&](Writer& json) {
                                       json.Key("platform").String(change.platform);
                                       WriteAuthor(json.Key("by"), change.by);
                                     }),
                             kChange);
}

Status AuditTrail::InForce(const Rules& rules) {
  if (!log_) return {};
  return log_->AppendDurably(Members("in_force", [&](Writer& json) { WriteRules(json, rules); }), kChange);
}

std::optional<AuditTrail::State> AuditTrail::state() const {
  if (!log_) return std::nullopt;
  return State{log_->state(), groups_->totals()};
}

}  // namespace thimble
