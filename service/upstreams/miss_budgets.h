// SPDX-License-Identifier: Apache-2.0
//
// Clients cannot exhaust the upstreams: what a request makes Thimble fetch is counted, by the client's address and by
// vendor. Background refreshes are not counted: the number of cached items bounds them.
#pragma once

#include <array>
#include <chrono>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "tcb/base/result.h"
#include "tcb/base/vendor.h"

namespace thimble {

// What may be fetched: `burst` at once, and `per_second` from then on.
struct MissRate {
  double per_second = 0;
  double burst = 0;
};

class TokenBucket {
 public:
  using Time = std::chrono::steady_clock::time_point;
  bool Take(const MissRate& rate, Time now);
  bool full(const MissRate& rate, Time now) const;

 private:
  double Level(const MissRate& rate, Time now) const;
  double level_ = -1;  // below zero: never used, so full
  Time at_{};
};

// Thread-safe.
class MissBudgets {
 public:
  using Clock = std::function<TokenBucket::Time()>;
  MissBudgets(MissRate per_client, MissRate per_vendor, Clock clock);

  // What this thread fetches while it lives is for this client. Loopback and the Unix socket have no budget of their
  // own.
  class OnBehalf {
   public:
    explicit OnBehalf(std::string_view client);
    ~OnBehalf();
    OnBehalf(const OnBehalf&) = delete;
    OnBehalf& operator=(const OnBehalf&) = delete;

   private:
    std::string_view before_;
  };

  // For whom this thread fetches; empty: for nobody who waits. Whoever starts a thread for a request hands it on.
  static std::string_view Client();

  // Before each fetch. Unavailable (miss.budget) when there is nothing left; OK when nobody waits for it.
  Status Spend(Vendor vendor);

 private:
  Status SpendOfClient(std::string_view client, TokenBucket::Time now);

  const MissRate per_client_, per_vendor_;
  const Clock clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, TokenBucket> clients_;
  std::array<TokenBucket, 2> vendors_;
};

}  // namespace thimble
