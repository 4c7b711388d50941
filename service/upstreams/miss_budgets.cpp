// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/miss_budgets.h"

#include <algorithm>
#include <utility>

#include "service/support/peer_address.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMostClients = 10'000;
constexpr double kShare = 0.25;                 // of a vendor's budget
constexpr std::chrono::seconds kStillAsks{10};  // after its last request, a client is one of those who ask
constexpr std::string_view kThisHost = "this host";

thread_local std::string_view client_of_this_thread;  // empty: nobody waits

Error Spent(std::string_view whose) {
  return {
      ErrorKind::kUnavailable, Check::kMissBudget,
      StrCat("too many requests for items that are not cached: the budget of ", whose, " is spent for now")};
}

std::string_view UpstreamsOf(Vendor vendor) {
  return vendor == Vendor::kIntel ? "Intel's upstreams" : "AMD's upstreams";
}

}  // namespace

MissBudgets::MissBudgets(TokenRate per_client, TokenRate per_vendor, Clock clock)
    : per_client_(per_client),
      per_vendor_(per_vendor),
      share_{kShare * per_vendor.per_second, kShare * per_vendor.burst},
      clock_(std::move(clock)) {}

MissBudgets::OnBehalf::OnBehalf(std::string_view client) : before_(client_of_this_thread) {
  client_of_this_thread = client;
}
MissBudgets::OnBehalf::~OnBehalf() { client_of_this_thread = before_; }

std::string_view MissBudgets::Client() { return client_of_this_thread; }

void MissBudgets::VendorBudget::Note(const std::string& client, TokenBucket::Time now) {
  if (client != last.client) other = std::exchange(last, {client, now});
  last.at = now;
}

bool MissBudgets::VendorBudget::OthersAsk(const std::string& client, TokenBucket::Time now) const {
  const Asker& another = client == last.client ? other : last;
  return !another.client.empty() && now - another.at < kStillAsks;
}

bool MissBudgets::AllFull(const Spending& spending, TokenBucket::Time now) const {
  return spending.own.full(per_client_, now) &&
         std::ranges::all_of(spending.shares, [&](const auto& share) { return share.full(share_, now); });
}

// Whoever has full buckets is as good as never seen.
Result<MissBudgets::Spending*> MissBudgets::SpendingOf(const std::string& client, TokenBucket::Time now) {
  if (clients_.size() >= kMostClients && !clients_.contains(client)) {
    std::erase_if(clients_, [&](const auto& entry) { return AllFull(entry.second, now); });
    if (clients_.size() >= kMostClients) return Spent("all clients together");
  }
  return &clients_[client];
}

Status MissBudgets::Spend(Vendor vendor) {
  if (client_of_this_thread.empty()) return {};
  const auto now = clock_();
  const bool this_host = http::IsLoopbackPeer(client_of_this_thread);
  const std::string client = this_host ? std::string(kThisHost) : http::PeerCountedAs(client_of_this_thread);
  const auto place = static_cast<size_t>(vendor);
  const std::lock_guard lock(mutex_);
  VendorBudget& budget = vendors_.at(place);
  budget.Note(client, now);
  TRY_ASSIGN(Spending* const spending, SpendingOf(client, now));
  if (!this_host && !spending->own.Take(per_client_, now)) return Spent(client);
  const bool in_share = spending->shares.at(place).Take(share_, now);
  if (!in_share && budget.OthersAsk(client, now))
    return Spent(StrCat(client, ", a quarter of that for ", UpstreamsOf(vendor), " while others ask,"));
  if (budget.bucket.Take(per_vendor_, now, in_share ? 0 : share_.burst)) return {};
  return Spent(UpstreamsOf(vendor));
}

}  // namespace thimble
