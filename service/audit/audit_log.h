// SPDX-License-Identifier: Apache-2.0
//
// The audit trail on disk: one JSON object a line, each with the digest of the line before it, so that none can be
// changed, left out or put in unnoticed (docs/AUDIT.md). Files are only appended to; a new one begins when the last
// is full. A thread of its own writes, a batch each 20 ms or when somebody waits for a record: whoever appends waits
// for nothing but a short lock.
//
//   {"seq": 17, "time": "...", "prev": "<SHA-256 of the line before>", "kind": "...", ...}
//
//   DIRECTORY/audit-<seq of its first record, 20 digits>.jsonl
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

// [audit]
struct AuditConfig {
  // enabled: keep an audit trail. Default true; a store in memory has none unless a directory is named.
  bool enabled = true;
  // directory: where its files are. Default "": `audit` in the store's directory.
  std::string directory;
  // max_file_mib: a new file begins when the last one has this size, in MiB. Default 64.
  uint32_t max_file_mib = 64;
  // keep_files: how many files are kept; the oldest are removed beyond. Default 0: all that max_total_mib allows.
  uint32_t keep_files = 0;
  // max_total_mib: how much all files may take, in MiB. From half of it on the log, /readyz and thimble_audit_bytes warn; at
  // it the oldest file is removed, or by on_failure "refuse" no decision is recorded any more. Default 8192; 0: no limit.
  uint32_t max_total_mib = 8192;
  // on_failure: what becomes of decisions that cannot be recorded: "go_on" answers them, counts what is lost and says
  // so; "refuse" answers 503. Changes of baselines are refused either way.
  enum class OnFailure : uint8_t { kGoOn, kRefuse } on_failure = OnFailure::kGoOn;
  bool operator==(const AuditConfig&) const = default;
};

class AuditStartCheck;

class AuditLog {
 public:
  using Now = Instant (*)();  // the wall clock
  // Errors: store.io when the directory cannot be used, or its last file does not end in a record.
  static Result<std::unique_ptr<AuditLog>> Open(AuditConfig config, Now now);
  ~AuditLog();  // writes what is queued
  AuditLog(const AuditLog&) = delete;
  AuditLog& operator=(const AuditLog&) = delete;

  // `members` are the record's own, from "kind" on, without braces. Thread-safe. Errors (store.io): the queue is full,
  // or, with on_failure "refuse", the last attempt to write failed.
  Status Append(std::string members);
  // The same, and waits until it is on the disk. When it is not, it will not be later. What is beyond the limit of size
  // is for administrative records alone.
  enum class Room : uint8_t { kWithinLimit, kBeyondLimit };
  Status AppendDurably(std::string members, Room room = Room::kWithinLimit);
  // What Append() would say now, for a decision that gets no record of its own.
  Status Accepts() const;
  // The record of decisions that were answered already: whatever failed, it waits for the disk.
  void AppendOwed(std::string members);

  struct State {
    uint64_t last_seq = 0;
    uint64_t lost = 0;       // records that were dropped since the start
    uint64_t bytes = 0;      // of all files
    uint64_t limit = 0;      // for them; 0: none
    std::string last_error;  // empty: the last attempt succeeded
    std::string damage;      // in what was there at the start; empty: none was found so far
    bool checked = false;    // all that was there at the start
    // Long before the limit: there is time to move files away.
    bool near_limit() const { return limit != 0 && bytes >= limit / 2; }
  };
  State state() const;
  Now now() const { return now_; }
  // By on_failure: what cannot be recorded is not done.
  bool must_record() const { return config_.on_failure == AuditConfig::OnFailure::kRefuse; }

 private:
  struct Entry {
    std::string members;
    std::optional<Status>* outcome = nullptr;  // of whoever waits
    Room room = Room::kWithinLimit;
    bool fits = true;
  };
  AuditLog(AuditConfig config, Now now);
  Status Begin();
  Status ContinueFile(const std::string& path);
  Status StartFile();
  void RemoveOldFiles();
  bool RemoveFile(const std::string& path);
  void Measure();
  void MakeRoom();
  Error NoRoom() const;
  uint64_t limit() const { return uint64_t{config_.max_total_mib} << 20; }
  uint64_t total() const { return others_size_ + file_size_; }
  Status Refusal() const;
  void Loop();
  Status WriteBatch(std::vector<Entry>& batch);
  struct Text {
    std::string lines = {};
    uint64_t seq = 0;  // of the last line
    Digest256 head = {};
  };
  void AddRecord(Text& text, std::string_view members) const;
  bool Fits(const Text& text) const;
  bool AddEntries(Text& text, std::vector<Entry>& batch) const;
  Status Write(const Text& text);
  void Settle(std::vector<Entry> batch, const Status& status);
  void NoteSize();

  const AuditConfig config_;
  const Now now_;

  // The writing thread's own, once it runs.
  int file_ = -1;
  uint64_t file_size_ = 0;    // of whole records
  uint64_t seq_ = 0;          // of the last record
  Digest256 head_;            // digest of the last record
  std::string path_;          // of the file
  uint64_t others_size_ = 0;  // of the files before it
  std::chrono::steady_clock::time_point measured_{};
  std::vector<std::string> removed_;  // names of files, for the record that says so
  uint64_t reported_lost_ = 0;

  mutable std::mutex mutex_;
  std::condition_variable wake_, settled_;
  std::deque<Entry> queue_;
  State state_;
  bool stopping_ = false;
  bool awaited_ = false;  // somebody waits for what is queued
  std::unique_ptr<AuditStartCheck> start_check_;
  std::thread writer_;
};

// The files of a directory, oldest first.
std::vector<std::string> AuditFiles(const std::string& directory);

}  // namespace thimble
