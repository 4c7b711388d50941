// SPDX-License-Identifier: Apache-2.0
//
// Reading an audit trail back: where a file ends, and whether the chain of digests holds (docs/AUDIT.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

struct AuditEnd {
  uint64_t size = 0;        // of the whole records
  uint64_t torn_bytes = 0;  // after them: a record that was cut short
  uint64_t seq = 0;         // of the last record; of the one before the file when it has none
  Digest256 digest;         // likewise
};
// For a file without a record, `seq` follows from its name and `digest` from the file before it, if that is there.
// Errors: store.io when it cannot be read, or its last line is no record.
Result<AuditEnd> ReadAuditEnd(const std::string& path);

struct AuditSummary {
  uint64_t records = 0, first_seq = 0, last_seq = 0;
  uint64_t torn_bytes = 0;  // at the very end
  Digest256 head;           // of the last record
  bool from_start = false;  // the first record is the first that there ever was
  bool found = false;       // a record has the digest asked for
};
// Reads the files in this order as one chain. `wanted`: a digest to look for, which was noted elsewhere. Errors:
// kRejected (store.corrupt), naming file and line, when a record does not follow from the one before it. Once `stopping`
// is true it ends early, with an error.
Result<AuditSummary> CheckAudit(const std::vector<std::string>& files, const std::optional<Digest256>& wanted,
                                const std::atomic<bool>* stopping = nullptr);

}  // namespace thimble
