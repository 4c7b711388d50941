// SPDX-License-Identifier: Apache-2.0
//
// The verdicts of the last day by hour, for people to look at: the picture of the page, and what the summary says of them.
// Of the server that runs: those of before the start are the audit trail's to tell.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "service/monitoring/summary.h"
#include "service/verification/outcome.h"

namespace thimble {

struct VerdictNumbers {
  uint64_t accepted = 0, rejected = 0, unavailable = 0;  // the last: no verdict could be given
  uint64_t all() const { return accepted + rejected + unavailable; }
  void Add(const VerdictNumbers& more);
};

struct VerdictDay {
  using Kind = std::pair<std::string, std::string>;  // TEE and TCB status
  Instant begin{};                                   // of the first hour
  Instant since{};                                   // the same, or the start of the server if that was later
  std::array<VerdictNumbers, 24> hours;              // the current one is the last
  std::map<Kind, VerdictNumbers> by_status;
  std::map<std::string, uint64_t> shortfalls, causes;  // causes: of rejections
  VerdictNumbers total;
};

// Thread-safe.
class VerdictHours {
 public:
  explicit VerdictHours(Instant start) : start_(start) {}

  void Record(const VerificationOutcome& outcome, Instant now);
  VerdictDay LastDay(Instant now) const;

 private:
  // By name; of shortfalls and causes kMostNames are told apart.
  using Counts = std::map<std::string, uint64_t>;
  struct Hour {
    std::map<VerdictDay::Kind, VerdictNumbers> by_status = {};
    Counts shortfalls = {}, causes = {};
  };
  static constexpr size_t kMostNames = 64;
  static void Add(Counts& counts, const std::string& name);

  const Instant start_;
  mutable std::mutex mutex_;
  std::map<int64_t, Hour> hours_;  // by hours since 1970
};

// The most frequent of each.
Summary::Verdicts VerdictsOf(const VerdictDay& day);

}  // namespace thimble
