// SPDX-License-Identifier: Apache-2.0
#include "tcb/check.h"

#include <filesystem>

#include "service/audit/audit_check.h"
#include "service/audit/audit_log.h"
#include "service/cli/audit/records.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/support/terminal.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// One of several replicas, or the only one there is.
struct Trail {
  std::string path;
  AuditSummary summary;
};

Result<AuditSummary> CheckPath(const std::string& path, const std::optional<Digest256>& wanted) {
  std::error_code ignored;  // what is no directory is taken for a file
  const bool directory = std::filesystem::is_directory(path, ignored);
  const auto files = directory ? AuditFiles(path) : std::vector<std::string>{path};
  if (files.empty()) return Wrong(StrCat(path, " has no file audit-*.jsonl"));
  return CheckAudit(files, wanted);
}

// Each is a chain by itself; the digest that is looked for may be in any.
Result<std::vector<Trail>> CheckTrails(const AuditOptions& options) {
  std::optional<Digest256> wanted;
  if (options.contains) {
    wanted = Digest256::FromHex(*options.contains);
    if (!wanted) return Wrong("--contains must be 64 hex digits");
  }
  std::vector<Trail> trails;
  bool found = false;
  for (const std::string& path : options.paths) {
    TRY_ASSIGN(const AuditSummary summary, CheckPath(path, wanted));
    found = found || summary.found;
    trails.push_back({path, summary});
  }
  if (wanted && !found) {
    std::string all;
    for (const Trail& trail : trails) all += StrCat(all.empty() ? "" : ", ", trail.path);
    return Error{ErrorKind::kRejected, Check::kStoreCorrupt,
                 StrCat(all, ": no record has the digest ", wanted->hex())};
  }
  return trails;
}

void WriteMembers(json::Writer& json, const AuditSummary& summary) {
  json.Key("records").Unsigned(summary.records);
  json.Key("first_seq").Unsigned(summary.first_seq);
  json.Key("last_seq").Unsigned(summary.last_seq);
  json.Key("from_start").Bool(summary.from_start);
  json.Key("torn_bytes").Unsigned(summary.torn_bytes);
  json.Key("head").Hex(summary.head.view());
}

std::string Json(const std::vector<Trail>& trails) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  if (trails.size() == 1) {
    WriteMembers(json, trails.front().summary);
  } else {
    json.Key("trails").BeginArray();
    for (const Trail& trail : trails) {
      json.BeginObject();
      json.Key("path").String(trail.path);
      WriteMembers(json, trail.summary);
      json.EndObject();
    }
    json.EndArray();
  }
  json.EndObject();
  return out;
}

Lines Text(const AuditSummary& summary) {
  Lines out = {
      StrCat(summary.records, " records, ", summary.first_seq, " to ", summary.last_seq,
             ", each follows from the one before", summary.from_start ? "" : "; earlier records are missing"),
      StrCat("last record: ", summary.head.hex())};
  if (summary.torn_bytes != 0) {
    out.Add(StrCat(summary.torn_bytes, " bytes at the end are a record that was cut short"));
  }
  return out;
}

}  // namespace

ExitCode Run(const AuditOptions& options) {
  switch (options.action) {
    case AuditOptions::Action::kShow:
      return ShowRecord(options);
    case AuditOptions::Action::kFind:
      return FindRecords(options);
    case AuditOptions::Action::kRepeat: {
      const auto named = WithNumber(options);
      return named ? RepeatDecision(*named) : Fail(named.error(), options.json);
    }
    case AuditOptions::Action::kCheck:
      break;
  }
  const auto trails = CheckTrails(options);
  if (!trails) return Fail(trails.error(), options.json);
  if (options.json) {
    PrintJson(Json(*trails));
    return ExitCode::kDone;
  }
  for (const Trail& trail : *trails) {
    if (trails->size() > 1) PrintLine(StrCat(trail.path, ":"));
    Print(Text(trail.summary));
  }
  return ExitCode::kDone;
}

}  // namespace thimble
