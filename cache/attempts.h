// SPDX-License-Identifier: Apache-2.0
//
// When each key may be asked for upstream again, and how the last attempt ended. Steady time only.
#pragma once

#include <chrono>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "tcb/base/result.h"

namespace thimble {

struct AttemptRules {
  std::chrono::milliseconds failure_backoff{10'000};  // doubles with each failure in a row
  std::chrono::milliseconds negative_ttl{30'000};     // after upstream.not_found, for what is not held
  std::chrono::milliseconds max_backoff_held{600'000};
  std::chrono::milliseconds max_backoff_missing{60'000};  // a client waits for it
  std::chrono::milliseconds recheck{600'000};             // after a check that brought nothing newer
  uint64_t seed = 0;                                      // of the jitter
};

enum class Possession : uint8_t { kMissing, kHeld };

// Thread-safe. Bounded: what has passed is dropped first.
class Attempts {
 public:
  using Time = std::chrono::steady_clock::time_point;
  explicit Attempts(AttemptRules rules) : rules_(rules) {}

  bool MayTry(const std::string& name, Time now) const;
  // The error of the last attempt, as long as it is not to be repeated.
  std::optional<Error> Blocked(const std::string& name, Time now) const;
  std::optional<Error> LastError(const std::string& name) const;

  void Failed(const std::string& name, const Error& error, Possession possession, Time now);
  void Unchanged(const std::string& name, Time now);
  void Renewed(const std::string& name);

 private:
  struct Last {
    Time not_before{};
    int failures = 0;
    std::optional<Error> error;
  };
  std::chrono::milliseconds Backoff(const std::string& name, const Last& last, Possession possession) const;
  void MakeRoom(Time now);

  const AttemptRules rules_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Last> last_;
  size_t until_sweep_ = 0;  // entries that may be added at the limit before the next sweep
};

}  // namespace thimble
