// SPDX-License-Identifier: Apache-2.0
#include "tcb/check.h"

#include <filesystem>

#include "service/audit/audit_check.h"
#include "service/audit/audit_log.h"
#include "service/cli/audit/records.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Result<AuditSummary> CheckPath(const AuditOptions& options) {
  std::optional<Digest256> wanted;
  if (options.contains) {
    wanted = Digest256::FromHex(*options.contains);
    if (!wanted) return Wrong("--contains must be 64 hex digits");
  }
  std::error_code ignored;  // what is no directory is taken for a file
  const bool directory = std::filesystem::is_directory(options.path, ignored);
  const auto files = directory ? AuditFiles(options.path) : std::vector<std::string>{options.path};
  if (files.empty()) return Wrong(StrCat(options.path, " has no file audit-*.jsonl"));
  TRY_ASSIGN(const AuditSummary summary, CheckAudit(files, wanted));
  if (wanted && !summary.found) {
    return Error{ErrorKind::kRejected, Check::kStoreCorrupt,
                 StrCat(options.path, ": no record has the digest ", wanted->hex())};
  }
  return summary;
}

std::string Json(const AuditSummary& summary) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("records").Unsigned(summary.records);
  json.Key("first_seq").Unsigned(summary.first_seq);
  json.Key("last_seq").Unsigned(summary.last_seq);
  json.Key("from_start").Bool(summary.from_start);
  json.Key("torn_bytes").Unsigned(summary.torn_bytes);
  json.Key("head").Hex(summary.head.view());
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
    case AuditOptions::Action::kRepeat:
      return RepeatDecision(options);
    case AuditOptions::Action::kCheck:
      break;
  }
  const auto summary = CheckPath(options);
  if (!summary) return Fail(summary.error(), options.json);
  options.json ? PrintJson(Json(*summary)) : Print(Text(*summary));
  return ExitCode::kDone;
}

}  // namespace thimble
