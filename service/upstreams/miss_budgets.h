// SPDX-License-Identifier: Apache-2.0
//
// Clients cannot exhaust the upstreams, nor take them from each other: what a request makes Thimble fetch is counted, by
// the client's address and by vendor. Background refreshes are not counted: the number of cached items bounds them.
#pragma once

#include <array>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>

#include "service/support/token_bucket.h"
#include "tcb/base/result.h"
#include "tcb/base/vendor.h"

namespace thimble {

// Thread-safe.
class MissBudgets {
 public:
  using Clock = std::function<TokenBucket::Time()>;
  MissBudgets(TokenRate per_client, TokenRate per_vendor, Clock clock);

  // What this thread fetches while it lives is for this client. Loopback and the Unix socket are one client, this host,
  // which has no budget of its own.
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

  // Before each fetch. Unavailable (miss.budget) when there is nothing left; OK when nobody waits for it. While others
  // ask for something of the vendor, a client has a quarter of the vendor's budget; alone, all but a quarter, which is
  // there for the next.
  Status Spend(Vendor vendor);

 private:
  static constexpr size_t kVendors = 2;
  struct Spending {
    TokenBucket own;
    std::array<TokenBucket, kVendors> shares;  // of each vendor's budget
  };
  // Who asked last, and the last who was another.
  struct Asker {
    std::string client;
    TokenBucket::Time at{};
  };
  struct VendorBudget {
    TokenBucket bucket;
    Asker last, other;
    void Note(const std::string& client, TokenBucket::Time now);
    bool OthersAsk(const std::string& client, TokenBucket::Time now) const;
  };
  Result<Spending*> SpendingOf(const std::string& client, TokenBucket::Time now);
  bool AllFull(const Spending& spending, TokenBucket::Time now) const;

  const TokenRate per_client_, per_vendor_, share_;
  const Clock clock_;
  std::mutex mutex_;
  std::unordered_map<std::string, Spending> clients_;
  std::array<VendorBudget, kVendors> vendors_;
};

}  // namespace thimble
