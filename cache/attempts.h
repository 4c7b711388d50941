// SPDX-License-Identifier: Apache-2.0
//
// When each key may be asked for upstream again, and how the last attempt ended. Steady time only.
//
// A key that failed waits for its back-off. In an outage it is not the key that failed, so there its back-off ends when an
// upstream of the vendor has come back; and until then, of what is missing, one of Intel's keys a second may be tried.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>

#include "tcb/base/result.h"
#include "tcb/base/vendor.h"

namespace thimble {

struct AttemptRules {
  std::chrono::milliseconds failure_backoff{10'000};  // doubles with each failure in a row
  std::chrono::milliseconds negative_ttl{30'000};     // after upstream.not_found, for what is not held
  std::chrono::milliseconds max_backoff_held{600'000};
  std::chrono::milliseconds max_backoff_missing{60'000};  // a client waits for it
  std::chrono::milliseconds recheck{600'000};             // after a check that brought nothing newer
  std::chrono::milliseconds probe_interval{1000};         // in an outage, of all that is Intel's
  uint64_t seed = 0;                                      // of the jitter
};

enum class Possession : uint8_t { kMissing, kHeld };

// Thread-safe. Bounded: what has passed is dropped first.
class Attempts {
 public:
  using Time = std::chrono::steady_clock::time_point;
  // How often an upstream of the vendor has come back after an outage; empty: it is not known.
  using Recoveries = std::function<uint64_t(Vendor)>;
  explicit Attempts(AttemptRules rules, Recoveries recoveries = {})
      : rules_(rules), recoveries_(std::move(recoveries)) {}

  // Of an attempt that begins.
  struct Start {
    Vendor vendor;
    uint64_t recoveries;
  };
  Start Begin(Vendor vendor) const { return {vendor, recoveries_ ? recoveries_(vendor) : 0}; }

  bool MayTry(const std::string& name, Time now) const;
  // The error of the last attempt, as long as it is not to be repeated.
  std::optional<Error> Blocked(const std::string& name, Time now) const;
  std::optional<Error> LastError(const std::string& name) const;

  // Whether a key that is blocked may be tried all the same, to see if the upstream is back. Only if: nothing is taken.
  // AMD's KDS is never probed: it has its own pace.
  bool MayProbe(const std::string& name, Time now) const;
  bool TakeProbe(const std::string& name, Time now);

  void Failed(const std::string& name, const Error& error, Possession possession, Time now, Start start);
  void Unchanged(const std::string& name, Time now);
  void Renewed(const std::string& name);

 private:
  struct Last {
    Time not_before{};
    int failures = 0;
    std::optional<Error> error;
    std::optional<Start> outage = {};  // it failed in one, that began after this
  };
  bool Blocks(const Last& last, Time now) const;
  bool Probes(const std::string& name, Time now) const;
  std::chrono::milliseconds Backoff(const std::string& name, const Last& last, Possession possession) const;
  void MakeRoom(Time now);

  const AttemptRules rules_;
  const Recoveries recoveries_;
  mutable std::mutex mutex_;
  std::unordered_map<std::string, Last> last_;
  Time next_probe_{};
  size_t until_sweep_ = 0;  // entries that may be added at the limit before the next sweep
};

}  // namespace thimble
