// SPDX-License-Identifier: Apache-2.0
//
// A data directory with registrations, collateral, an audit trail and result keys in it, of which copies are damaged; and
// books of what was in it, by which a start on a copy is judged. In this process: one more would add nothing.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/temp_dir.h"

namespace thimble::test {

enum class After : uint8_t { kStop, kKill };  // as a clean stop leaves it, or kill -9

struct FileKind {
  std::string_view text;  // in the table
  std::string_view beginning, end;
  After after;
  bool but_last_line = false;  // of an audit trail: nothing binds its last record before the next is written
};
inline constexpr FileKind kJournalKind{"journal of registrations", "registrations.journal", "", After::kKill};
inline constexpr std::array kKinds{
    FileKind{"write-ahead log (`*.log`), after kill -9", "", ".log", After::kKill},
    FileKind{"table (`*.sst`)", "", ".sst", After::kStop},
    FileKind{"`MANIFEST-*`", "MANIFEST-", "", After::kStop},
    FileKind{"`CURRENT`", "CURRENT", "", After::kStop},
    FileKind{"`OPTIONS-*`", "OPTIONS-", "", After::kStop},
    FileKind{"`IDENTITY`", "IDENTITY", "", After::kStop},
    kJournalKind,
    FileKind{"audit trail but its last record, by `thimble audit check`", "audit-", ".jsonl", After::kStop,
             true},
    FileKind{"result key", "result-key.pem", "", After::kStop},
    FileKind{"retired result keys", "result-key.pem.retired.json", "", After::kStop},
};

enum class Outcome : uint8_t { kWhole, kMended, kRefused, kNamed, kSilent };
struct Judgement {
  Outcome outcome;
  std::string text;  // what was said, or what is missing
};

std::vector<std::string> FilesOf(const std::string& data, const FileKind& kind);  // not empty ones, by name
void FlipBit(const std::string& file, uint64_t bit);
void RemoveStore(const std::string& data);  // RocksDB's files

class DamagedData {
 public:
  DamagedData();

  std::unique_ptr<TempDir> Copy(After after) const;  // its "data"
  // Starts on it, and compares everything with the books. `file`: what a refusal has to name.
  Judgement Judge(const std::string& data, const std::string& file) const;
  // The same of registrations alone: as many are told to be lost as are.
  Judgement JudgeRegistrations(const std::string& data) const;

 private:
  using Entries = std::map<std::string, std::string>;
  TempDir files_;
  Entries books_;
  std::string audit_;  // all records
  std::string key_;    // public part of the result key, and of those that are retired
};

}  // namespace thimble::test
