// SPDX-License-Identifier: Apache-2.0
#include "service/shared/shared_keys.h"

#include <algorithm>

#include "tcb/base/crypto.h"

namespace thimble {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::seconds kEvery{60};
// A token lives for five minutes, clocks differ, and a replica that goes has told of its key a minute before.
constexpr std::string_view kTell =
    "INSERT INTO thimble_keys (point, replica, until) VALUES ($1::bytea, $2::text, now() + interval '8 "
    "minutes') "
    "ON CONFLICT (point) DO UPDATE SET replica = excluded.replica, until = excluded.until";

}  // namespace

Status SharedKeys::Tell(const std::vector<Bytes>& own) {
  const bool fresh = own != told_;
  if (!fresh && told_at_ && Steady::now() - *told_at_ < kEvery) return {};
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
    // What is new the others hear of at once.
    if (fresh) TRY(connection.Run("UPDATE thimble_clock SET change = change + 1 WHERE id = 1"));
    for (const Bytes& point : own)
      TRY(connection.Run(std::string(kTell),
                         {PgValue::Of(ByteView(point)), PgValue::Of(std::string_view(replica_))}));
    TRY(connection.Run("DELETE FROM thimble_keys WHERE until < now()"));
    return transaction.Commit();
  }));
  told_ = own;
  told_at_ = Steady::now();
  return {};
}

// A row is nobody's word that it is a key.
Status SharedKeys::Pull() {
  constexpr size_t kMost = 10'000;
  std::vector<Bytes> others;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows, connection.Run("SELECT point FROM thimble_keys WHERE until > now() AND "
                                                 "replica <> $1::text ORDER BY point LIMIT 10000",
                                                 {PgValue::Of(std::string_view(replica_))}));
    for (size_t row = 0; row < std::min(rows.size(), kMost); ++row) {
      const std::string text = rows.Text(row, 0).value_or("");
      Bytes point(text.begin(), text.end());
      if (EcPublicKey::FromPoint(Curve::kP256, point)) others.push_back(std::move(point));
    }
    return {};
  }));
  const std::lock_guard lock(mutex_);
  others_ = std::move(others);
  return {};
}

std::vector<Bytes> SharedKeys::Others() const {
  const std::lock_guard lock(mutex_);
  return others_;
}

}  // namespace thimble
