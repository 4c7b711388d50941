// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <map>

#include "service/transfer/transfer.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// What is refused for one reason is one line, however many items or versions of one they are.
Lines RefusedText(const std::vector<ImportReport::Refused>& refused) {
  std::vector<std::string> reasons, lines;
  std::map<std::string, size_t> times;
  for (const auto& [item, check, reason] : refused) {
    reasons.push_back(StrCat(check, ": ", reason));
    std::string line = StrCat("refused: ", item, ": ", reasons.back());
    if (++times[line] == 1) lines.push_back(std::move(line));
  }
  if (refused.size() > 1 && std::ranges::count(reasons, reasons.front()) == std::ssize(reasons))
    return {StrCat("refused: all ", refused.size(), " that are refused: ", reasons.front())};
  Lines out;
  for (const std::string& line : lines)
    out.Add(times[line] == 1 ? line : StrCat(line, " (", times[line], " versions)"));
  return out;
}

}  // namespace

std::string ImportJson(const ImportReport& report) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("taken").Unsigned(report.taken);
  json.Key("held").Unsigned(report.held);
  json.Key("past").Unsigned(report.past);
  json.Key("waiting").Unsigned(report.waiting);
  json.Key("refused").BeginArray();
  for (const auto& [item, check, reason] : report.refused) {
    json.BeginObject();
    json.Key("item").String(item);
    json.Key("check").String(check);
    json.Key("reason").String(reason);
    json.EndObject();
  }
  json.EndArray();
  json.Key("lacks").BeginArray();
  for (const std::string& line : report.lacks) json.String(line);
  json.EndArray();
  if (report.first_expiry) json.Key("first_expiry").String(FormatRfc3339(*report.first_expiry));
  json.EndObject();
  return out;
}

Result<ImportReport> ParseImportJson(std::string_view text) {
  TRY_ASSIGN(const auto document, json::Document::Parse(text, "import", ErrorKind::kUnavailable,
                                                        Check::kUpstreamAnswer, json::kManyValues));
  const json::Value root = document->root();
  ImportReport report;
  TRY_ASSIGN(report.taken, root.GetUnsigned("taken", SIZE_MAX));
  TRY_ASSIGN(report.held, root.GetUnsigned("held", SIZE_MAX));
  TRY_ASSIGN(report.past, root.GetUnsigned("past", SIZE_MAX));
  TRY_ASSIGN(report.waiting, root.GetUnsigned("waiting", SIZE_MAX));
  TRY_ASSIGN(const auto refusals, root.GetArray("refused"));
  for (const json::Value& refusal : refusals) {
    ImportReport::Refused line;
    TRY_ASSIGN(line.item, refusal.GetString("item"));
    TRY_ASSIGN(line.check, refusal.GetString("check"));
    TRY_ASSIGN(line.reason, refusal.GetString("reason"));
    report.refused.push_back(std::move(line));
  }
  TRY_ASSIGN(const auto lines, root.GetArray("lacks"));
  for (const json::Value& line : lines) {
    TRY_ASSIGN(const std::string_view lack, line.String());
    report.lacks.emplace_back(lack);
  }
  if (root.Find("first_expiry")) {
    TRY_ASSIGN(report.first_expiry, root.GetTime("first_expiry"));
  }
  return report;
}

Lines ImportText(const ImportReport& report) {
  Lines out = RefusedText(report.refused);
  for (const std::string& line : report.lacks) out.Add(StrCat("lacking: ", line));
  out.Add(StrCat("taken ", report.taken, ", already cached ", report.held, ", history ", report.past,
                 ", refused ", report.refused.size()));
  if (report.waiting != 0) {
    out.Add(
        StrCat(report.waiting,
               " registrations wait for their certificates: `thimble serve` and `refresh` fetch them, or, in "
               "mode OFFLINE, they are listed for whoever does"));
  }
  if (report.first_expiry) out.Add(StrCat("begins to expire on ", FormatRfc3339(*report.first_expiry)));
  return out;
}

}  // namespace thimble
