// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/refresh_report.h"

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Outcome = RefreshLine::Outcome;

constexpr Outcome kOutcomes[] = {Outcome::kRenewed, Outcome::kKept, Outcome::kFailed};

Error NotAReport(std::string_view what) {
  return {ErrorKind::kUnavailable, Check::kUpstreamAnswer, StrCat("refresh: ", what)};
}

Result<RefreshLine> ReadLine(const json::Value& object) {
  RefreshLine line;
  TRY_ASSIGN(const std::string_view item, object.GetString("item"));
  constexpr std::string_view kFloors = "floors ";
  const auto key = ParseKeyName(item);
  if (key) line.key = *key;
  if (!key && item.starts_with(kFloors)) line.floors = item.substr(kFloors.size());
  if (!key && line.floors.empty()) return NotAReport(StrCat("unknown item ", item));
  TRY_ASSIGN(const std::string_view outcome_name, object.GetString("outcome"));
  bool known = false;
  for (const Outcome candidate : kOutcomes) {
    if (OutcomeName(candidate) != outcome_name) continue;
    line.outcome = candidate;
    known = true;
  }
  if (!known) return NotAReport(StrCat("unknown outcome ", outcome_name));
  TRY_ASSIGN(const auto reason, object.FindString("reason"));
  line.reason = reason.value_or("");
  TRY_ASSIGN(line.stale, object.GetBool("stale"));
  return line;
}

}  // namespace

std::string RefreshJson(const RefreshReport& report) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("at").String(FormatRfc3339(report.at));
  json.Key("complete").Bool(report.complete());
  for (const Outcome outcome : kOutcomes) json.Key(OutcomeName(outcome)).Unsigned(report.Count(outcome));
  json.Key("not_due").Unsigned(report.not_due);
  json.Key("items").BeginArray();
  for (const RefreshLine& line : report.lines) {
    json.BeginObject();
    json.Key("item").String(ItemName(line));
    json.Key("outcome").String(OutcomeName(line.outcome));
    if (!line.reason.empty()) json.Key("reason").String(line.reason);
    json.Key("stale").Bool(line.stale);
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<RefreshReport> ParseRefreshJson(std::string_view text) {
  TRY_ASSIGN(const auto document, json::Document::Parse(text, "refresh", ErrorKind::kUnavailable,
                                                        Check::kUpstreamAnswer, json::kManyValues));
  RefreshReport report;
  TRY_ASSIGN(report.at, document->root().GetTime("at"));
  TRY_ASSIGN(report.not_due, document->root().GetUnsigned("not_due", SIZE_MAX));
  TRY_ASSIGN(const auto items, document->root().GetArray("items"));
  for (const json::Value& item : items) {
    TRY_ASSIGN(RefreshLine line, ReadLine(item));
    report.lines.push_back(std::move(line));
  }
  return report;
}

Lines RefreshText(const RefreshReport& report) {
  Lines out;
  for (const RefreshLine& line : report.lines) {
    out.Add(StrCat(OutcomeName(line.outcome), line.stale ? ", stale" : "", ": ", ItemName(line),
                   line.reason.empty() ? "" : ": ", line.reason));
  }
  std::string counts;
  for (const Outcome outcome : kOutcomes)
    counts += StrCat(OutcomeName(outcome), " ", report.Count(outcome), ", ");
  out.Add(StrCat(counts, "not due ", report.not_due));
  return out;
}

}  // namespace thimble
