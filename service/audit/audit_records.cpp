// SPDX-License-Identifier: Apache-2.0
#include "service/audit/audit_records.h"

#include <algorithm>
#include <deque>
#include <fstream>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using json::Value;

Result<AuditRecord> ReadRecord(std::string line) {
  AuditRecord record;
  TRY_ASSIGN(record.document, json::Document::Parse(line, "record", ErrorKind::kRejected,
                                                    Check::kStoreCorrupt, json::kManyValues));
  const Value root = record.document->root();
  TRY_ASSIGN(record.seq, root.GetUnsigned("seq"));
  TRY_ASSIGN(record.time, root.GetTime("time"));
  TRY_ASSIGN(record.kind, root.GetString("kind"));
  record.line = std::move(line);
  return record;
}

Error At(const std::string& path, uint64_t line, Error error) {
  error.message = StrCat(path, ":", line, ": ", error.message);
  return error;
}

// A record that was cut short at the end of a file is none.
Result<bool> VisitFile(const std::string& path, const VisitRecord& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(path, ": cannot be opened")};
  uint64_t number = 0;
  for (std::string line; std::getline(file, line) && !file.eof();) {
    const auto record = ReadRecord(std::move(line));
    ++number;
    if (!record) return At(path, number, record.error());
    TRY_ASSIGN(const bool more, visit(*record));
    if (!more) return false;
    line.clear();
  }
  if (file.bad()) return Error{ErrorKind::kInternal, Check::kStoreIo, StrCat(path, ": cannot be read")};
  return true;
}

bool Has(const AuditRecord& record, std::string_view member, std::string_view wanted) {
  const auto value = record.document->root().Find(member);
  const auto text = value ? value->String() : Result<std::string_view>(std::string_view());
  return text.ok() && *text == wanted;
}

bool IsBy(const AuditRecord& record, std::string_view who) {
  if (Has(record, "client", who)) return true;
  const auto by = record.document->root().Find("by");
  if (!by) return false;
  const FlatJson members = Flatten(*by);
  return std::ranges::any_of(members, [&](const auto& member) { return member.second == who; });
}

void FlattenInto(const Value& value, const std::string& name, FlatJson& out) {
  switch (value.type()) {
    case json::Type::kObject: {
      const auto members = value.Members();
      for (const auto& [key, entry] : *members)
        FlattenInto(entry, name.empty() ? std::string(key) : StrCat(name, ".", key), out);
      return;
    }
    case json::Type::kArray: {
      const auto entries = value.Array();
      for (size_t i = 0; i < entries->size(); ++i) FlattenInto((*entries)[i], StrCat(name, ".", i), out);
      return;
    }
    case json::Type::kString:
      out.emplace_back(name, *value.String());
      return;
    case json::Type::kNumber: {
      const auto number = value.Unsigned(UINT64_MAX);
      out.emplace_back(name, number ? std::to_string(*number) : "?");
      return;
    }
    case json::Type::kBool:
      out.emplace_back(name, *value.Bool() ? "true" : "false");
      return;
    case json::Type::kNull:
      out.emplace_back(name, "null");
  }
}

// A policy stands in the record as it is: its text is where its digest says that it ends.
Result<std::optional<std::string>> PolicyIn(const AuditRecord& record, const Digest256& digest) {
  const size_t at = record.line.find(StrCat("\"sha256\":\"", digest.hex(), "\",\"canonical\":"));
  if (at == std::string::npos) return std::optional<std::string>();
  const size_t begin = record.line.find("\"canonical\":", at) + std::string_view("\"canonical\":").size();
  for (size_t end = record.line.find('}', begin); end != std::string::npos;
       end = record.line.find('}', end + 1)) {
    std::string text = record.line.substr(begin, end + 1 - begin);
    if (std::ranges::count(text, '{') > std::ranges::count(text, '}')) continue;
    if (Sha256(AsBytes(text)) == digest) return std::optional(std::move(text));
  }
  return std::optional<std::string>();
}

}  // namespace

Status ForEachRecord(const std::vector<std::string>& files, const VisitRecord& visit) {
  for (const std::string& path : files) {
    TRY_ASSIGN(const bool more, VisitFile(path, visit));
    if (!more) break;
  }
  return {};
}

bool Matches(const AuditQuery& query, const AuditRecord& record) {
  if (query.kind && record.kind != *query.kind) return false;
  if (query.since && record.time < *query.since) return false;
  if (query.until && record.time > *query.until) return false;
  if (query.request && !Has(record, "request", *query.request) && !Has(record, "of", *query.request))
    return false;
  if (query.decision && !Has(record, "decision", *query.decision)) return false;
  if (query.jti && !Has(record, "jti", *query.jti)) return false;
  if (query.evidence && !Has(record, "evidence_sha256", query.evidence->hex())) return false;
  return !query.by || IsBy(record, *query.by);
}

Result<std::vector<std::string>> FindRecords(const std::vector<std::string>& files, const AuditQuery& query,
                                             size_t most) {
  std::deque<std::string> last;
  TRY(ForEachRecord(files, [&](const AuditRecord& record) -> Result<bool> {
    if (!Matches(query, record)) return true;
    last.push_back(record.line);
    if (last.size() > most) last.pop_front();
    return true;
  }));
  return std::vector<std::string>(last.begin(), last.end());
}

Result<AuditRecord> FindRecord(const std::vector<std::string>& files, uint64_t seq) {
  std::optional<std::string> line;
  TRY(ForEachRecord(files, [&](const AuditRecord& record) -> Result<bool> {
    if (record.seq == seq) line = record.line;
    return !line;
  }));
  if (!line) return Error{ErrorKind::kMalformed, Check::kRequest, StrCat("the trail has no record ", seq)};
  return ReadRecord(*std::move(line));
}

Result<std::optional<std::string>> FindPolicy(const std::vector<std::string>& files, const Digest256& digest,
                                              uint64_t seq) {
  std::optional<std::string> found;
  TRY(ForEachRecord(files, [&](const AuditRecord& record) -> Result<bool> {
    if (record.seq >= seq) return false;
    if (record.kind != "in_force") return true;
    TRY_ASSIGN(auto text, PolicyIn(record, digest));
    if (text) found = std::move(text);
    return true;
  }));
  return found;
}

Result<std::vector<AddedAnchor>> FindAddedAnchors(const std::vector<std::string>& files, uint64_t seq) {
  std::vector<AddedAnchor> found;
  TRY(ForEachRecord(files, [&](const AuditRecord& record) -> Result<bool> {
    if (record.seq >= seq) return false;
    if (record.kind != "in_force") return true;
    found.clear();
    TRY_ASSIGN(const auto anchors, record.document->root().GetArray("anchors"));
    for (const Value& anchor : anchors) {
      TRY_ASSIGN(const bool added, anchor.GetBool("added"));
      TRY_ASSIGN(const std::string_view name, anchor.GetString("name"));
      TRY_ASSIGN(const std::string_view hex, anchor.GetString("spki_sha256"));
      const auto digest = Digest256::FromHex(hex);
      if (added && digest) found.push_back({std::string(name), *digest});
    }
    return true;
  }));
  return found;
}

FlatJson Flatten(const Value& value) {
  FlatJson out;
  FlattenInto(value, "", out);
  return out;
}

}  // namespace thimble
