// SPDX-License-Identifier: Apache-2.0
//
// The chain of the files that a server finds at its start, followed from end to end beside its work: a start reads
// where the last file ends, and what was changed in the middle would else show when somebody asks (docs/AUDIT.md).
#pragma once

#include <atomic>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "tcb/base/result.h"

namespace thimble {

// Thread-safe. The destructor gives up what is not read yet.
class AuditStartCheck {
 public:
  struct Outcome {
    bool over = false;
    uint64_t records = 0;  // that follow from each other
    std::string damage;    // empty: none was found so far
  };

  explicit AuditStartCheck(std::string directory) : directory_(std::move(directory)) {}
  ~AuditStartCheck();
  AuditStartCheck(const AuditStartCheck&) = delete;
  AuditStartCheck& operator=(const AuditStartCheck&) = delete;

  // Before records are appended. Error (kInternal): there is no thread for it.
  Status Start();
  Outcome outcome() const;

 private:
  void Run();

  const std::string directory_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  Outcome outcome_;
  std::thread thread_;
};

}  // namespace thimble
