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
  TRY_ASSIGN(const json::Value item, object.Get("item"));
  TRY_ASSIGN(line.item, item.String());
  TRY_ASSIGN(const json::Value outcome, object.Get("outcome"));
  TRY_ASSIGN(const std::string_view outcome_name, outcome.String());
  bool known = false;
  for (const Outcome candidate : kOutcomes) {
    if (OutcomeName(candidate) != outcome_name) continue;
    line.outcome = candidate;
    known = true;
  }
  if (!known) return NotAReport(StrCat("unknown outcome ", outcome_name));
  if (const auto reason = object.Find("reason")) {
    TRY_ASSIGN(line.reason, reason->String());
  }
  TRY_ASSIGN(const json::Value stale, object.Get("stale"));
  TRY_ASSIGN(line.stale, stale.Bool());
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
    json.Key("item").String(line.item);
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
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "refresh", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  RefreshReport report;
  TRY_ASSIGN(const json::Value at, document->root().Get("at"));
  TRY_ASSIGN(const std::string_view time, at.String());
  const auto parsed = ParseRfc3339(time);
  if (!parsed) return NotAReport(StrCat("at is not a time: ", time));
  report.at = *parsed;
  TRY_ASSIGN(const json::Value not_due, document->root().Get("not_due"));
  TRY_ASSIGN(report.not_due, not_due.Unsigned(SIZE_MAX));
  TRY_ASSIGN(const json::Value list, document->root().Get("items"));
  TRY_ASSIGN(const std::vector<json::Value> items, list.Array());
  for (const json::Value& item : items) {
    TRY_ASSIGN(RefreshLine line, ReadLine(item));
    report.lines.push_back(std::move(line));
  }
  return report;
}

Lines RefreshText(const RefreshReport& report) {
  Lines out;
  for (const RefreshLine& line : report.lines) {
    out.Add(StrCat(OutcomeName(line.outcome), line.stale ? ", stale" : "", ": ", line.item,
                   line.reason.empty() ? "" : ": ", line.reason));
  }
  std::string counts;
  for (const Outcome outcome : kOutcomes)
    counts += StrCat(OutcomeName(outcome), " ", report.Count(outcome), ", ");
  out.Add(StrCat(counts, "not due ", report.not_due));
  return out;
}

}  // namespace thimble
