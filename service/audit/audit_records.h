// SPDX-License-Identifier: Apache-2.0
//
// Looking things up in an audit trail: one record, those of a kind or of somebody, and the policy that had a digest.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

struct AuditRecord {
  uint64_t seq = 0;
  Instant time{};
  std::string kind;
  std::string line;  // the whole record
  std::unique_ptr<const json::Document> document;
};

// Each whole record of these files, in their order, until `visit` says false. Errors: store.io, and store.corrupt for a
// line that is no record, named by file and line.
using VisitRecord = std::function<Result<bool>(const AuditRecord&)>;
Status ForEachRecord(const std::vector<std::string>& files, const VisitRecord& visit);

// What is absent is not asked.
struct AuditQuery {
  std::optional<std::string> kind = {}, request = {}, decision = {}, jti = {};
  std::optional<Digest256> evidence = {};
  std::optional<std::string> by =
      {};  // the label, user, address or certificate of whoever asked, or made a change
  std::optional<Instant> since = {}, until = {};
};
bool Matches(const AuditQuery& query, const AuditRecord& record);

// The last `most` that match, oldest first, as lines.
Result<std::vector<std::string>> FindRecords(const std::vector<std::string>& files, const AuditQuery& query,
                                             size_t most);
// Errors: request.invalid when there is none.
Result<AuditRecord> FindRecord(const std::vector<std::string>& files, uint64_t seq);
// The canonical text of a policy by its digest, as the last `in_force` before `seq` has it; nullopt: none has.
Result<std::optional<std::string>> FindPolicy(const std::vector<std::string>& files, const Digest256& digest,
                                              uint64_t seq);
// The anchors that its operator had added, as the last `in_force` before `seq` has them.
struct AddedAnchor {
  std::string name;
  Digest256 spki_sha256;
};
Result<std::vector<AddedAnchor>> FindAddedAnchors(const std::vector<std::string>& files, uint64_t seq);

// A value as flat lines: ("policy.id", "default"), ("collateral.0.item", ...).
using FlatJson = std::vector<std::pair<std::string, std::string>>;
FlatJson Flatten(const json::Value& value);

}  // namespace thimble
