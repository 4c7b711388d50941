// SPDX-License-Identifier: Apache-2.0
#include "service/audit/audit_check.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "service/audit/audit_log.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error Unreadable(std::string_view path, std::string_view why) {
  return {ErrorKind::kInternal, Check::kStoreIo, StrCat("audit trail: ", path, ": ", why)};
}

struct Link {
  uint64_t seq = 0;
  Digest256 prev;
};

Result<Link> ReadLink(std::string_view line) {
  TRY_ASSIGN(const auto document, json::Document::Parse(line, "record", ErrorKind::kRejected,
                                                        Check::kStoreCorrupt, json::kManyValues));
  Link link;
  TRY_ASSIGN(link.seq, document->root().GetUnsigned("seq"));
  TRY_ASSIGN(const std::string_view hex, document->root().GetString("prev"));
  const auto digest = Digest256::FromHex(hex);
  if (!digest) return Error{ErrorKind::kRejected, Check::kStoreCorrupt, "record: prev is not a digest"};
  link.prev = *digest;
  return link;
}

// Calls `visit` with each whole line; the rest of the file after the last one is counted.
template <class Visit>
Result<uint64_t> ForEachLine(const std::string& path, const Visit& visit) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return Unreadable(path, "cannot be opened");
  std::string line;
  uint64_t number = 0;
  while (std::getline(file, line)) {
    if (file.eof()) return line.size();
    TRY(visit(line, ++number));
  }
  if (file.bad()) return Unreadable(path, "cannot be read");
  return uint64_t{0};
}

// The number in audit-<seq>.jsonl.
uint64_t SeqInName(const std::string& path) {
  const std::string stem = std::filesystem::path(path).stem().string();
  uint64_t seq = 0;
  for (const char c : stem) {
    if (c >= '0' && c <= '9') seq = seq * 10 + static_cast<uint64_t>(c - '0');
  }
  return seq;
}

Result<AuditEnd> EndBefore(const std::string& path) {
  const std::vector<std::string> files = AuditFiles(std::filesystem::path(path).parent_path().string());
  const auto here = std::find(files.begin(), files.end(), path);
  if (here != files.begin() && here != files.end()) return ReadAuditEnd(*std::prev(here));
  AuditEnd end;
  end.seq = std::max<uint64_t>(SeqInName(path), 1) - 1;
  return end;
}

}  // namespace

Result<AuditEnd> ReadAuditEnd(const std::string& path) {
  AuditEnd end;
  std::string last;
  TRY_ASSIGN(end.torn_bytes, ForEachLine(path, [&](std::string& line, uint64_t) -> Status {
               end.size += line.size() + 1;
               last.swap(line);
               return {};
             }));
  if (end.size == 0) {
    TRY_ASSIGN(const AuditEnd before, EndBefore(path));
    end.seq = before.seq;
    end.digest = before.digest;
    return end;
  }
  const auto link = ReadLink(last);
  if (!link) return Unreadable(path, StrCat("the last line: ", link.error().message));
  end.seq = link->seq;
  end.digest = Sha256(AsBytes(last));
  return end;
}

Result<AuditSummary> CheckAudit(const std::vector<std::string>& files, const std::optional<Digest256>& wanted,
                                const std::atomic<bool>* stopping) {
  AuditSummary summary;
  for (const std::string& path : files) {
    const auto broken = [&](uint64_t line, std::string_view why) {
      return Error{ErrorKind::kRejected, Check::kStoreCorrupt, StrCat(path, ":", line, ": ", why)};
    };
    if (summary.torn_bytes != 0)
      return broken(0, StrCat(summary.torn_bytes, " bytes that are no record end the file before"));
    TRY_ASSIGN(summary.torn_bytes, ForEachLine(path, [&](const std::string& line, uint64_t number) -> Status {
                 if (stopping != nullptr && *stopping) return Unreadable(path, "is no longer read");
                 const auto link = ReadLink(line);
                 if (!link) return broken(number, link.error().message);
                 if (summary.records == 0) {
                   summary.first_seq = link->seq;
                   summary.from_start = link->seq == 1 && link->prev.zero();
                 } else if (link->seq != summary.last_seq + 1) {
                   return broken(number, StrCat("record ", link->seq, " follows ", summary.last_seq));
                 } else if (link->prev != summary.head) {
                   return broken(number, StrCat("prev is ", link->prev.hex(), ", the record before has ",
                                                summary.head.hex()));
                 }
                 ++summary.records;
                 summary.last_seq = link->seq;
                 summary.head = Sha256(AsBytes(line));
                 summary.found = summary.found || (wanted && summary.head == *wanted);
                 return {};
               }));
  }
  return summary;
}

}  // namespace thimble
