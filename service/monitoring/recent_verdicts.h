// SPDX-License-Identifier: Apache-2.0
//
// What was decided in the last 24 hours, in hours, for the summary. Of the server that runs: nothing of it is kept over a
// restart; the audit trail has everything.
#pragma once

#include <deque>
#include <map>
#include <mutex>
#include <string>

#include "service/monitoring/summary.h"
#include "service/verification/outcome.h"

namespace thimble {

// Thread-safe.
class RecentVerdicts {
 public:
  explicit RecentVerdicts(Instant start) : start_(start) {}

  void Record(const VerificationOutcome& outcome, Instant now);
  Summary::Verdicts LastDay(Instant now) const;

 private:
  // By name; kMostNames of them are told apart.
  using Counts = std::map<std::string, uint64_t>;
  struct Hour {
    int64_t number = 0;  // hours since the epoch
    uint64_t accepted = 0, rejected = 0, errors = 0;
    Counts statuses = {}, shortfalls = {}, causes = {};
  };
  static constexpr size_t kMostNames = 64;
  static void Add(Counts& counts, const std::string& name);
  Hour& HourOf(Instant now);

  const Instant start_;
  mutable std::mutex mutex_;
  std::deque<Hour> hours_;  // at most 25, oldest first
};

}  // namespace thimble
