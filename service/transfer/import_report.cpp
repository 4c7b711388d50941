// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/transfer.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Result<size_t> ReadCount(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const json::Value value, object.Get(name));
  return value.Unsigned(SIZE_MAX);
}

Result<std::string> ReadText(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const json::Value value, object.Get(name));
  TRY_ASSIGN(const std::string_view text, value.String());
  return std::string(text);
}

}  // namespace

std::string ImportJson(const ImportReport& report) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("taken").Unsigned(report.taken);
  json.Key("held").Unsigned(report.held);
  json.Key("past").Unsigned(report.past);
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
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "import", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  const json::Value root = document->root();
  ImportReport report;
  TRY_ASSIGN(report.taken, ReadCount(root, "taken"));
  TRY_ASSIGN(report.held, ReadCount(root, "held"));
  TRY_ASSIGN(report.past, ReadCount(root, "past"));
  TRY_ASSIGN(const json::Value refused, root.Get("refused"));
  TRY_ASSIGN(const std::vector<json::Value> refusals, refused.Array());
  for (const json::Value& refusal : refusals) {
    ImportReport::Refused line;
    TRY_ASSIGN(line.item, ReadText(refusal, "item"));
    TRY_ASSIGN(line.check, ReadText(refusal, "check"));
    TRY_ASSIGN(line.reason, ReadText(refusal, "reason"));
    report.refused.push_back(std::move(line));
  }
  TRY_ASSIGN(const json::Value lacks, root.Get("lacks"));
  TRY_ASSIGN(const std::vector<json::Value> lines, lacks.Array());
  for (const json::Value& line : lines) {
    TRY_ASSIGN(const std::string_view lack, line.String());
    report.lacks.emplace_back(lack);
  }
  if (root.Find("first_expiry")) {
    TRY_ASSIGN(const std::string first_expiry, ReadText(root, "first_expiry"));
    report.first_expiry = ParseRfc3339(first_expiry);
  }
  return report;
}

Lines ImportText(const ImportReport& report) {
  Lines out;
  for (const auto& [item, check, reason] : report.refused) {
    out.Add(StrCat("refused: ", item, ": ", check, ": ", reason));
  }
  for (const std::string& line : report.lacks) out.Add(StrCat("lacking: ", line));
  out.Add(StrCat("taken ", report.taken, ", held already ", report.held, ", history ", report.past,
                 ", refused ", report.refused.size()));
  if (report.first_expiry) out.Add(StrCat("begins to expire on ", FormatRfc3339(*report.first_expiry)));
  return out;
}

}  // namespace thimble
