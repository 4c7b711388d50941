// SPDX-License-Identifier: Apache-2.0
#include "service/shared/shared_items.h"

#include <algorithm>
#include <thread>
#include <utility>

#include "cache/admission.h"
#include "cache/cached_item.h"
#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kLeaseSlack{1};  // after whoever has a turn should have given up
constexpr std::chrono::milliseconds kTurnPatience{1000};

constexpr size_t kMaxPublishing = 1000;

Error NotHere(const std::string& name) {
  return {ErrorKind::kUnavailable, Check::kUpstreamNotFound, StrCat(name, ": the shared database has none")};
}

// A vendor answers one request for the same thing in 10 s (spec/amd-sev-snp.md a): of what one replica has asked for just
// now the others need not ask. What lies in the future nobody has asked for.
constexpr std::string_view kJustAsked =
    "SELECT 1 FROM thimble_items WHERE name = $1::bytea AND checked BETWEEN now() - interval '10 seconds' "
    "AND "
    "now()";

// No turn lasts a minute: such a row is nobody's. So is that of a replica that was there and has not said so for 3 s.
constexpr std::string_view kTakeLease =
    "INSERT INTO thimble_leases AS held (name, holder, expires) "
    "VALUES ($1::bytea, $2::text, now() + $3::bigint * interval '1 millisecond') "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires "
    "WHERE held.expires < now() OR held.holder = excluded.holder OR held.expires > now() + interval '1 "
    "minute' "
    "OR EXISTS (SELECT 1 FROM thimble_replicas r WHERE r.id = held.holder AND r.seen < now() - interval '3 "
    "seconds')";

// In place of who has a turn, where AMD's KDS gave nothing: it is not asked again at once by another.
constexpr std::string_view kNobody = "";

constexpr std::string_view kSelectItem =
    "SELECT name, body, chain, source, extract(epoch FROM now() - checked)::bigint, replica, change FROM "
    "thimble_items ";
enum ItemColumn : size_t { kName, kBody, kChain, kSource, kAge, kReplica, kChange };

// Its vendor was asked so long ago by the clock of the database; none has been asked in the future.
std::optional<FetchedBytes> ItemIn(const PgRows& rows, size_t row, Instant now) {
  constexpr int64_t kLongest = int64_t{400} * 24 * 3600;
  const auto body = rows.Text(row, kBody), chain = rows.Text(row, kChain), source = rows.Text(row, kSource);
  const auto age = rows.Number(row, kAge);
  if (!body || !chain || !source || !age) return std::nullopt;
  return FetchedBytes{.bytes = {Bytes(body->begin(), body->end()), *chain},
                      .source = *source,
                      .checked = *age < 0 ? kNever : now - Seconds(std::min(*age, kLongest))};
}

constexpr std::string_view kPutItem =
    "INSERT INTO thimble_items AS held (name, body, chain, source, issued, order_number, checked, replica, "
    "change) "
    "VALUES ($1::bytea, $2::bytea, $3::bytea, $4::text, $5::bigint, $6::bigint, now(), $7::text, $8::bigint) "
    "ON CONFLICT (name) DO UPDATE SET body = excluded.body, chain = excluded.chain, source = "
    "excluded.source, "
    "issued = excluded.issued, order_number = excluded.order_number, checked = excluded.checked, "
    "replica = excluded.replica, change = excluded.change "
    "WHERE (excluded.order_number, excluded.issued) >= (held.order_number, held.issued)";

// What is of a single platform nobody pulls: it takes no number.
Status PutItem(PgConnection& connection, const CollateralItem& item, const FetchedBytes& answer,
               const std::string& replica) {
  TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
  const bool shared = !IsPlatformItem(KindOf(item.key()));
  TRY_ASSIGN(
      const PgRows clock,
      connection.Run(shared ? "UPDATE thimble_clock SET change = change + 1 WHERE id = 1 RETURNING change"
                            : "SELECT 0::bigint"));
  const auto change = clock.Number(0, 0);
  if (!change) return SharedError("the row of thimble_clock is gone: restore a backup");
  TRY(connection.Run(
      std::string(kPutItem),
      {PgValue::Of(std::string_view(item.name())), PgValue::Of(ByteView(answer.bytes.body)),
       PgValue::Of(std::string_view(answer.bytes.issuer_chain)), PgValue::Of(std::string_view(answer.source)),
       PgValue::Of(int64_t{item.issued().time_since_epoch().count()}),
       PgValue::Of(static_cast<int64_t>(item.order_number())), PgValue::Of(std::string_view(replica)),
       PgValue::Of(*change)}));
  return transaction.Commit();
}

}  // namespace

SharedItems::SharedItems(Database& database, const Clock& clock, std::string replica)
    : database_(database), clock_(clock), replica_(std::move(replica)), publishing_(1, kMaxPublishing) {}

FetchFunction SharedItems::Around(FetchFunction upstream, const TrustAnchors& anchors, Holds holds) {
  return [this, upstream = std::move(upstream), &anchors, holds = std::move(holds)](
             const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept) {
    return Fetch(key, deadline, accept, upstream, anchors, holds);
  };
}

Status SharedItems::Fetch(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
                          const FetchFunction& upstream, const TrustAnchors& anchors, const Holds& holds) {
  const std::string name = KeyName(key);
  if (KindOf(key) == ItemKind::kPckCerts) return upstream(key, deadline, accept);
  const auto turn = WaitForTurn(key, deadline);
  if (!turn) return upstream(key, deadline, accept);  // as one that is alone
  switch (*turn) {
    case Turn::kOthers:
      return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable,
                   StrCat(name, ": another replica asks for it, and has no answer yet")};
    case Turn::kInVain:
      return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable,
                   StrCat(name, ": another replica has just asked for it in vain")};
    case Turn::kJustAsked:
      if (TakeHeld(name, accept).ok()) return {};
      break;
    case Turn::kMine:
      break;
  }
  Status fetched = FetchAndShare(key, deadline, accept, upstream, anchors);
  // What is held is as good as what is there, and that it was not renewed must be seen.
  if (!fetched && !holds(key) && TakeHeld(name, accept).ok()) return {};
  return fetched;
}

Result<SharedItems::Turn> SharedItems::WaitForTurn(const CollateralKey& key, SteadyTime deadline) {
  const std::string name = KeyName(key);
  while (true) {
    TRY_ASSIGN(const Turn turn, TakeTurn(name, deadline));
    if (turn != Turn::kOthers || Steady::now() + kPause >= deadline) return turn;
    std::this_thread::sleep_for(kPause);
  }
}

// Shared in the background, since whoever waits for the answer need not wait for the database; before the turn ends, so that
// who has the next finds it.
Status SharedItems::FetchAndShare(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
                                  const FetchFunction& upstream, const TrustAnchors& anchors) {
  std::vector<FetchedBytes> accepted;
  Status fetched = upstream(key, deadline, [&](FetchedBytes answer) {
    FetchedBytes copy = answer;
    auto after = accept(std::move(answer));
    if (after.ok()) accepted.push_back(std::move(copy));
    return after;
  });
  const bool in_vain = !fetched && VendorOf(key) == Vendor::kAmd;
  (void)publishing_.Submit(std::to_string(++jobs_),
                           [this, key, accepted = std::move(accepted), in_vain, &anchors] {
                             for (const FetchedBytes& answer : accepted) Publish(key, answer, anchors);
                             EndTurn(key, in_vain);
                           });
  return fetched;
}

Result<SharedItems::Turn> SharedItems::TakeTurn(const std::string& name, SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now() + Steady::duration(kLeaseSlack));
  const auto patience = std::min<std::chrono::milliseconds>(left / 4, kTurnPatience);
  Turn turn = Turn::kOthers;
  const auto ask = [&](PgConnection& connection) -> Status {
    const std::vector<PgValue> by_name = {PgValue::Of(std::string_view(name))};
    TRY_ASSIGN(const PgRows before, connection.Run(std::string(kJustAsked), by_name));
    if (before.size() != 0) {
      turn = Turn::kJustAsked;
      return {};
    }
    TRY_ASSIGN(const PgRows lease, connection.Run(std::string(kTakeLease),
                                                  {by_name.front(), PgValue::Of(std::string_view(replica_)),
                                                   PgValue::Of(std::max<int64_t>(left.count(), 1))}));
    if (lease.affected() == 0) {
      TRY_ASSIGN(const PgRows holder,
                 connection.Run("SELECT holder FROM thimble_leases WHERE name = $1::bytea", by_name));
      if (holder.Text(0, 0) == kNobody) turn = Turn::kInVain;
      return {};
    }
    // Whoever had it before may have ended in between.
    TRY_ASSIGN(const PgRows after, connection.Run(std::string(kJustAsked), by_name));
    turn = after.size() != 0 ? Turn::kJustAsked : Turn::kMine;
    return {};
  };
  TRY(database_.Use(ask, patience));
  return turn;
}

// One that cannot be ended ends by itself.
void SharedItems::EndTurn(const CollateralKey& key, bool in_vain) {
  const std::string name = KeyName(key);
  const std::string sql =
      in_vain ? "UPDATE thimble_leases SET holder = '', expires = now() + interval '10 seconds' "
                "WHERE name = $1::bytea AND holder = $2::text"
              : "DELETE FROM thimble_leases WHERE name = $1::bytea AND holder = $2::text";
  const Status ended = database_.Use([&](PgConnection& connection) -> Status {
    TRY(connection.Run(sql, {PgValue::Of(std::string_view(name)), PgValue::Of(std::string_view(replica_))}));
    return {};
  });
  if (!ended) LogDebug("shared database", {{"item", name}}, ended.error().message);
}

Status SharedItems::TakeHeld(const std::string& name, const AcceptFunction& accept) {
  std::optional<FetchedBytes> held;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows, connection.Run(StrCat(kSelectItem, "WHERE name = $1::bytea"),
                                                 {PgValue::Of(std::string_view(name))}));
    held = ItemIn(rows, 0, clock_.Now());
    return {};
  }));
  if (!held) return NotHere(name);
  TRY(accept(*std::move(held)));
  return {};
}

// That it could not be shared is no failure of what was fetched: the others ask for themselves.
void SharedItems::Publish(const CollateralKey& key, const FetchedBytes& answer, const TrustAnchors& anchors) {
  const auto item = Admit(key, answer.bytes, anchors, clock_.Now());
  if (!item) return;  // it was accepted a moment ago
  const Status published =
      database_.Use([&](PgConnection& connection) { return PutItem(connection, **item, answer, replica_); });
  if (!published) LogDebug("shared database", {{"item", KeyName(key)}}, published.error().message);
}

Status SharedItems::Pull(const Take& take) {
  for (bool more = true; more;) {
    std::vector<std::pair<CollateralKey, FetchedBytes>> items;
    int64_t last = last_;
    TRY(database_.Use([&](PgConnection& connection) -> Status {
      TRY_ASSIGN(const PgRows rows,
                 connection.Run(StrCat(kSelectItem, "WHERE change > $1::bigint ORDER BY change LIMIT 50"),
                                {PgValue::Of(last)}));
      for (size_t row = 0; row < rows.size(); ++row) {
        last = std::max(last, rows.Number(row, kChange).value_or(last));
        const auto key = ParseKeyName(rows.Text(row, kName).value_or(""));
        auto item = ItemIn(rows, row, clock_.Now());
        if (!key || !item || IsPlatformItem(KindOf(*key)) || rows.Text(row, kReplica) == replica_) continue;
        items.emplace_back(*key, *std::move(item));
      }
      more = rows.size() != 0;
      return {};
    }));
    for (const auto& [key, item] : items) take(key, item);
    last_ = last;
  }
  return {};
}

Status SharedItems::Purge() {
  return database_.Use([](PgConnection& connection) -> Status {
    TRY(connection.Run(
        "DELETE FROM thimble_items WHERE change = 0 AND checked < now() - interval '1 minute'"));
    TRY(connection.Run("DELETE FROM thimble_leases WHERE expires < now() - interval '1 minute'"));
    return {};
  });
}

}  // namespace thimble
