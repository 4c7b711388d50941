// SPDX-License-Identifier: Apache-2.0
//
// What a journal of registrations says when it is read from its beginning: the last word on each name, and what of it is
// missing. Values stay in the file.
#pragma once

#include <cstdint>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/platforms/journal_line.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

class JournalContents {
 public:
  struct Entry {
    uint64_t number = 0;              // of its line
    uint64_t offset = 0, length = 0;  // of its line in the file
    std::optional<Digest256> value;   // digest of the value; nullopt: removed
  };

  // Errors: store.io when it cannot be read. One that is not there is empty.
  static Result<JournalContents> Read(const std::string& path);

  bool there() const { return there_; }
  const std::map<std::string, Entry>& entries() const { return entries_; }
  JournalMark last() const { return last_; }           // the last line that is whole
  uint64_t size() const { return size_; }              // of the file up to its last line feed
  uint64_t torn_bytes() const { return torn_bytes_; }  // behind it: a line that was cut short
  uint64_t damaged() const { return damaged_; }        // stretches of the file that are no lines
  // How many lines after this number are missing. `through`: one that was written for certain.
  uint64_t MissingAfter(uint64_t number, uint64_t through) const;

  // The value of an entry that has one.
  Result<std::string> Value(const std::string& name, const Entry& entry);
  // What is copied when the journal is written anew, platform by platform: the living entries, and which platforms were
  // forgotten, or they would come back with an older store.
  std::map<std::string, std::vector<std::string>> KeptByPlatform() const;
  uint64_t KeptSize() const;  // of their lines
  static bool IsForgottenPlatform(const std::string& name, const Entry& entry);

 private:
  static bool IsKept(const std::string& name, const Entry& entry);
  void TakeEnd(std::string_view text);
  void TakeStretch(std::string_view text, uint64_t offset);
  bool TakeLine(std::string_view text, uint64_t offset);
  void NoteDamage(std::string_view text);

  std::string path_;
  std::ifstream file_;
  bool there_ = false;
  std::map<std::string, Entry> entries_;
  JournalMark last_;
  std::vector<std::pair<uint64_t, uint64_t>> gaps_;  // first and last number
  uint64_t damaged_ = 0, damaged_at_end_ = 0;
  uint64_t size_ = 0, torn_bytes_ = 0;
};

}  // namespace thimble
