// SPDX-License-Identifier: Apache-2.0
//
// The verdicts of the last day by hour, for people to look at. In memory: those of before the start are the audit
// trail's to tell.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "service/verification/outcome.h"

namespace thimble {

struct VerdictNumbers {
  uint64_t accepted = 0, rejected = 0, unavailable = 0;  // the last: no verdict could be given
  uint64_t all() const { return accepted + rejected + unavailable; }
  void Add(const VerdictNumbers& more);
};

struct VerdictDay {
  Instant begin{};                                                          // of the first hour
  std::array<VerdictNumbers, 24> hours;                                     // the current one is the last
  std::map<std::pair<std::string, std::string>, VerdictNumbers> by_status;  // by TEE and TCB status
  VerdictNumbers total;
};

// Thread-safe.
class VerdictHours {
 public:
  void Record(const VerificationOutcome& outcome, Instant now);
  VerdictDay LastDay(Instant now) const;

 private:
  using Hour = std::map<std::pair<std::string, std::string>, VerdictNumbers>;
  mutable std::mutex mutex_;
  std::map<int64_t, Hour> hours_;  // by hours since 1970
};

}  // namespace thimble
