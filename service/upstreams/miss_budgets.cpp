// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/miss_budgets.h"

#include <algorithm>

#include "service/support/peer_address.h"
#include "tcb/base/text.h"
#include "tcb/base/vendor.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMostClients = 10'000;

thread_local std::string_view client_of_this_thread;  // empty: nobody waits

Error Spent(std::string_view whose) {
  return {
      ErrorKind::kUnavailable, Check::kMissBudget,
      StrCat("too many requests for items that are not cached: the budget of ", whose, " is spent for now")};
}

}  // namespace

double TokenBucket::Level(const MissRate& rate, Time now) const {
  if (level_ < 0) return rate.burst;
  const double seconds = std::chrono::duration<double>(now - at_).count();
  return std::min(rate.burst, level_ + seconds * rate.per_second);
}

bool TokenBucket::full(const MissRate& rate, Time now) const { return Level(rate, now) >= rate.burst; }

bool TokenBucket::Take(const MissRate& rate, Time now) {
  const double level = Level(rate, now);
  level_ = level >= 1 ? level - 1 : level;
  at_ = now;
  return level >= 1;
}

MissBudgets::MissBudgets(MissRate per_client, MissRate per_vendor, Clock clock)
    : per_client_(per_client), per_vendor_(per_vendor), clock_(std::move(clock)) {}

MissBudgets::OnBehalf::OnBehalf(std::string_view client) : before_(client_of_this_thread) {
  client_of_this_thread = client;
}
MissBudgets::OnBehalf::~OnBehalf() { client_of_this_thread = before_; }

std::string_view MissBudgets::Client() { return client_of_this_thread; }

Status MissBudgets::SpendOfClient(std::string_view client, TokenBucket::Time now) {
  if (http::IsLoopbackPeer(client)) return {};
  // Whoever has a full bucket is as good as never seen.
  if (clients_.size() >= kMostClients) {
    std::erase_if(clients_, [&](const auto& entry) { return entry.second.full(per_client_, now); });
    if (clients_.size() >= kMostClients) return Spent("all clients together");
  }
  const std::string counted_as = http::PeerCountedAs(client);
  return clients_[counted_as].Take(per_client_, now) ? Status() : Status(Spent(counted_as));
}

Status MissBudgets::Spend(Vendor vendor) {
  if (client_of_this_thread.empty()) return {};
  const auto now = clock_();
  const std::lock_guard lock(mutex_);
  TRY(SpendOfClient(client_of_this_thread, now));
  if (vendors_.at(static_cast<size_t>(vendor)).Take(per_vendor_, now)) return {};
  return Spent(vendor == Vendor::kIntel ? "Intel's upstreams" : "AMD's upstreams");
}

}  // namespace thimble
