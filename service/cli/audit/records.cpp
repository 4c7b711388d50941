// SPDX-License-Identifier: Apache-2.0
#include "service/cli/audit/records.h"

#include <algorithm>
#include <filesystem>

#include "service/audit/audit_log.h"
#include "service/audit/audit_records.h"
#include "service/cli/client/server_choice.h"
#include "service/cli/command_support.h"
#include "service/verification/evidence_files.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Wrong(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// A file, or the digest of one that is elsewhere.
Result<Digest256> EvidenceDigest(const std::string& text) {
  if (const auto digest = Digest256::FromHex(text)) return *digest;
  TRY_ASSIGN(const input::Evidence evidence, ReadEvidence(text));
  return Sha256(evidence.bytes);
}

Result<AuditQuery> QueryOf(const AuditOptions& options) {
  AuditQuery query{.kind = options.kind,
                   .request = options.request,
                   .decision = options.decision,
                   .jti = options.jti,
                   .by = options.by};
  TRY_ASSIGN(query.since, ParseTimeFlag("--since", options.since));
  TRY_ASSIGN(query.until, ParseTimeFlag("--until", options.until));
  if (options.evidence) {
    TRY_ASSIGN(query.evidence, EvidenceDigest(*options.evidence));
  }
  return query;
}

Result<std::vector<std::string>> Found(const AuditOptions& options) {
  TRY_ASSIGN(const auto files, TrailFiles(options));
  TRY_ASSIGN(const AuditQuery query, QueryOf(options));
  return FindRecords(files, query, options.most);
}

Result<AuditRecord> OneRecord(const AuditOptions& options) {
  TRY_ASSIGN(const auto files, TrailFiles(options));
  return FindRecord(files, options.seq);
}

Lines TextOf(const AuditRecord& record) {
  const FlatJson members = Flatten(record.document->root());
  size_t width = 0;
  for (const auto& [name, value] : members) width = std::max(width, name.size());
  Lines out;
  for (const auto& [name, value] : members) {
    std::string line = name;
    line.resize(std::min<size_t>(width, 40) > name.size() ? std::min<size_t>(width, 40) : name.size(), ' ');
    out.Add(StrCat(line, "  ", value));
  }
  return out;
}

}  // namespace

Result<std::vector<std::string>> TrailFiles(const AuditOptions& options) {
  std::string directory = options.directory.value_or("");
  if (directory.empty()) {
    TRY_ASSIGN(const Config config, EffectiveConfig(WithInstalled(options.flags)));
    directory = config.audit.directory;
    if (directory.empty()) directory = (std::filesystem::path(config.cache.data) / "audit").string();
  }
  auto files = AuditFiles(directory);
  if (files.empty()) return Wrong(StrCat(directory, " has no file audit-*.jsonl: name its place by --dir"));
  return files;
}

Result<AuditOptions> WithNumber(AuditOptions options) {
  if (!options.request) return options;
  TRY_ASSIGN(const auto files, TrailFiles(options));
  TRY(ForEachRecord(files, [&options](const AuditRecord& record) -> Result<bool> {
    if (!Matches({.kind = "decision", .request = options.request}, record)) return true;
    options.seq = record.seq;
    return false;
  }));
  if (options.seq != 0) return options;
  return Wrong(StrCat("no record is of request ", *options.request,
                      "; equal decisions within a minute have one record, of the first of them"));
}

ExitCode ShowRecord(const AuditOptions& options) {
  const auto record = OneRecord(options);
  if (!record) return Fail(record.error(), options.json);
  options.json ? PrintJson(record->line) : Print(TextOf(*record));
  return ExitCode::kDone;
}

ExitCode FindRecords(const AuditOptions& options) {
  const auto lines = Found(options);
  if (!lines) return Fail(lines.error(), options.json);
  for (const std::string& line : *lines) PrintJson(line);
  if (lines->empty()) PrintErrorLines({"no record matches"});
  return lines->empty() ? ExitCode::kRejected : ExitCode::kDone;
}

}  // namespace thimble
