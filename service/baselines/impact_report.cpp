// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/impact_report.h"

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using json::Writer;

void WriteSide(Writer& json, const ImpactSide& side, const std::vector<UsedReference>& used) {
  json.BeginObject();
  json.Key("name").String(side.name);
  WriteBaseline(json, side.baseline);
  if (side.floors) json.Key("floors").String(side.floors->Title());
  json.Key("policy").String(side.policy.id);
  json.Key("references").BeginArray();
  for (const UsedReference& reference : used) {
    json.BeginObject();
    json.Key("item").String(reference.item);
    json.Key("evaluation").Unsigned(reference.evaluation);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
}

// A number, or what stands in its place: a firmware version, bits.
void WriteAmount(Writer& json, uint32_t number, const std::string& text) {
  text.empty() ? json.Unsigned(number) : json.String(text);
}

}  // namespace

void WriteOutcome(Writer& json, const TcbOutcome& outcome) {
  json.BeginObject();
  if (outcome.judged) {
    json.Key("status");
    outcome.status ? json.String(TcbStatusName(*outcome.status)) : json.Null();
    json.Key("decision").String(outcome.accept ? "accept" : "reject");
    json.Key("shortfalls").BeginArray();
    for (const Shortfall& shortfall : outcome.shortfalls) {
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
    json.Key("refused_by").BeginArray();
    for (const RuleOutcome& rule : outcome.refused_by) json.String(rule.rule);
    json.EndArray();
  }
  if (!outcome.reason.empty()) json.Key("reason").String(outcome.reason);
  json.EndObject();
}

namespace {

void WriteRows(Writer& json, const std::vector<ImpactRow>& rows) {
  json.BeginArray();
  for (const ImpactRow& row : rows) {
    json.BeginObject();
    json.Key("platforms").Raw(Encode(row.platforms));
    WriteOutcome(json.Key("now"), row.now);
    WriteOutcome(json.Key("then"), row.then);
    json.EndObject();
  }
  json.EndArray();
}

// -- for people --

// "none" where there is null.
Result<std::string> Text(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  if (value.IsNull()) return std::string("none");
  TRY_ASSIGN(const std::string_view text, value.String());
  return std::string(text);
}

Result<std::string> Amount(const json::Value& object, std::string_view key) {
  TRY_ASSIGN(const json::Value value, object.Get(key));
  if (value.type() == json::Type::kString) return Text(object, key);
  TRY_ASSIGN(const uint64_t number, value.Unsigned(UINT64_MAX));
  return std::to_string(number);
}

Result<Lines> SideText(const json::Value& report, std::string_view which) {
  TRY_ASSIGN(const json::Value side, report.Get(which));
  TRY_ASSIGN(const std::string name, Text(side, "name"));
  TRY_ASSIGN(const std::string intel, Text(side, "intel"));
  TRY_ASSIGN(const std::string amd, Text(side, "amd"));
  TRY_ASSIGN(const std::string policy, Text(side, "policy"));
  TRY_ASSIGN(const std::string uvm, UvmText(side));
  Lines out = {
      StrCat(which, ": ", name, ", intel \"", intel, "\", amd \"", amd, "\"", uvm, ", policy ", policy)};
  TRY_ASSIGN(const auto references, side.GetArray("references"));
  for (const json::Value& reference : references) {
    TRY_ASSIGN(const std::string item, Text(reference, "item"));
    TRY_ASSIGN(const uint64_t evaluation, reference.GetUnsigned("evaluation"));
    out.Add(StrCat("  ", item, ": evaluation data ", evaluation));
  }
  return out;
}

Result<std::string> OutcomeText(const json::Value& outcome) {
  if (!outcome.Find("decision")) {
    TRY_ASSIGN(const std::string reason, Text(outcome, "reason"));
    return StrCat("not judged (", reason, ")");
  }
  TRY_ASSIGN(const std::string status, Text(outcome, "status"));
  TRY_ASSIGN(const std::string decision, Text(outcome, "decision"));
  return StrCat(status, ", ", decision);
}

Result<Lines> ShortfallsText(const json::Value& outcome) {
  Lines out;
  if (!outcome.Find("shortfalls")) return out;
  TRY_ASSIGN(const auto shortfalls, outcome.GetArray("shortfalls"));
  for (const json::Value& shortfall : shortfalls) {
    TRY_ASSIGN(const std::string component, Text(shortfall, "component"));
    TRY_ASSIGN(const std::string have, Amount(shortfall, "have"));
    TRY_ASSIGN(const std::string need, Amount(shortfall, "need"));
    TRY_ASSIGN(const std::string update, Text(shortfall, "update"));
    out.Add(StrCat("    ", component, ": is ", have, ", needs ", need, ", raised by: ", update));
  }
  return out;
}

Result<Lines> RowText(const json::Value& row) {
  TRY_ASSIGN(const json::Value platforms, row.Get("platforms"));
  TRY_ASSIGN(const std::string tee, Text(platforms, "tee"));
  TRY_ASSIGN(const std::string kind, Text(platforms, platforms.Find("fmspc") ? "fmspc" : "product"));
  TRY_ASSIGN(const std::string last_seen, Text(platforms, "last_seen"));
  TRY_ASSIGN(const uint64_t count, platforms.GetUnsigned("count"));
  TRY_ASSIGN(const json::Value now, row.Get("now"));
  TRY_ASSIGN(const json::Value then, row.Get("then"));
  TRY_ASSIGN(const std::string before, OutcomeText(now));
  TRY_ASSIGN(const std::string after, OutcomeText(then));
  TRY_ASSIGN(const Lines shortfalls, ShortfallsText(then));
  Lines out = {StrCat("  ", tee, " ", kind, ", seen ", count, " times, last ", last_seen, ": ", before,
                      " -> ", after)};
  out.Add(shortfalls);
  return out;
}

Result<Lines> RowsText(const json::Value& report, std::string_view key) {
  TRY_ASSIGN(const auto rows, report.GetArray(key));
  Lines out;
  if (!rows.empty()) out = {"", std::string(key)};
  for (const json::Value& row : rows) {
    TRY_ASSIGN(const Lines lines, RowText(row));
    out.Add(lines);
  }
  return out;
}

Result<uint64_t> UnjudgedSightings(const json::Value& report) {
  TRY_ASSIGN(const auto rows, report.GetArray("unjudged"));
  uint64_t sightings = 0;
  for (const json::Value& row : rows) {
    TRY_ASSIGN(const json::Value platforms, row.Get("platforms"));
    TRY_ASSIGN(const uint64_t count, platforms.GetUnsigned("count"));
    sightings += count;
  }
  return sightings;
}

Result<std::string> HeadlineText(const json::Value& report) {
  TRY_ASSIGN(const json::Value value, report.Get("refused"));
  TRY_ASSIGN(const Refusals refused, ReadRefusals(value));
  if (report.Find("uvm_unjudged"))
    return std::string(
        "it asks more of utility VMs, and nobody notes which run: what would be refused is unknown");
  if (!refused.sightings) return std::string("no platform was seen: what would be refused is unknown");
  TRY_ASSIGN(const uint64_t unjudged, UnjudgedSightings(report));
  TRY_ASSIGN(const uint64_t admitted, report.GetUnsigned("admitted"));
  TRY_ASSIGN(const uint64_t unchanged, report.GetUnsigned("unchanged"));
  const std::string of_them = unjudged == 0 ? "" : StrCat(" (", unjudged, " of them cannot be judged)");
  return StrCat("of the sightings ", *refused.sightings, " would be refused", of_them, ", ", admitted,
                " admitted, ", unchanged, " unchanged");
}

}  // namespace

std::string ImpactJson(const ImpactReport& report) {
  std::string out;
  Writer json(&out);
  json.BeginObject();
  json.Key("at").String(FormatRfc3339(report.at));
  WriteSide(json.Key("current"), report.current, report.used_now);
  WriteSide(json.Key("candidate"), report.candidate, report.used_then);
  WriteRefusals(json.Key("refused"), RefusedThen(report));
  if (RaisesUvm(report.current.baseline, report.candidate.baseline)) json.Key("uvm_unjudged").Bool(true);
  json.Key("admitted").Unsigned(AdmittedThen(report.impact));
  json.Key("unchanged").Unsigned(report.impact.unchanged);
  WriteRows(json.Key("changes"), report.impact.changes);
  WriteRows(json.Key("unjudged"), report.impact.unjudged);
  json.EndObject();
  return out;
}

Result<Refusals> RefusalsIn(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "impact", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  TRY_ASSIGN(const json::Value refused, document->root().Get("refused"));
  return ReadRefusals(refused);
}

Result<Lines> ImpactText(std::string_view text) {
  TRY_ASSIGN(const auto document, json::Document::Parse(text, "impact", ErrorKind::kUnavailable,
                                                        Check::kUpstreamAnswer, json::kManyValues));
  return ImpactText(document->root());
}

Result<Lines> ImpactText(const json::Value& report) {
  TRY_ASSIGN(Lines out, SideText(report, "current"));
  TRY_ASSIGN(const Lines candidate, SideText(report, "candidate"));
  TRY_ASSIGN(const std::string headline, HeadlineText(report));
  TRY_ASSIGN(const Lines changes, RowsText(report, "changes"));
  TRY_ASSIGN(const Lines unjudged, RowsText(report, "unjudged"));
  out.Add(candidate);
  out.Add(headline);
  out.Add(changes);
  out.Add(unjudged);
  return out;
}

}  // namespace thimble
