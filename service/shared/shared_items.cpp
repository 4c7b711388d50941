// SPDX-License-Identifier: Apache-2.0
#include "service/shared/shared_items.h"

#include <algorithm>
#include <set>
#include <thread>

#include "cache/admission.h"
#include "cache/cached_item.h"
#include "service/support/log.h"
#include "service/support/randomness.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using Steady = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPause{100};
constexpr std::chrono::seconds kLeaseSlack{1};  // after whoever has a turn should have given up

// While Pull() has an item fetched, no upstream is asked by this thread.
thread_local bool from_here_alone = false;

Error NotHere(const std::string& name) {
  return {ErrorKind::kUnavailable, Check::kUpstreamNotFound, StrCat(name, ": the shared database has none")};
}

// A vendor answers one request for the same thing in 10 s (spec/amd-sev-snp.md a): of what one replica has asked for just
// now the others need not ask.
constexpr std::string_view kJustAsked =
    "SELECT 1 FROM thimble_items WHERE name = $1::bytea AND checked > now() - interval '10 seconds'";

constexpr std::string_view kTakeLease =
    "INSERT INTO thimble_leases AS held (name, holder, expires) "
    "VALUES ($1::bytea, $2::text, now() + $3::bigint * interval '1 millisecond') "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires = excluded.expires "
    "WHERE held.expires < now() OR held.holder = excluded.holder";

constexpr std::string_view kPutItem =
    "INSERT INTO thimble_items AS held (name, body, chain, source, issued, order_number, checked, replica, "
    "change) "
    "VALUES ($1::bytea, $2::bytea, $3::bytea, $4::text, $5::bigint, $6::bigint, now(), $7::text, $8::bigint) "
    "ON CONFLICT (name) DO UPDATE SET body = excluded.body, chain = excluded.chain, source = "
    "excluded.source, "
    "issued = excluded.issued, order_number = excluded.order_number, checked = excluded.checked, "
    "replica = excluded.replica, change = excluded.change "
    "WHERE (excluded.order_number, excluded.issued) >= (held.order_number, held.issued)";

Status PutItem(PgConnection& connection, const CollateralItem& item, const FetchedBytes& answer,
               const std::string& replica) {
  TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
  TRY_ASSIGN(const PgRows clock,
             connection.Run("UPDATE thimble_clock SET change = change + 1 WHERE id = 1 RETURNING change"));
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

SharedItems::SharedItems(Database& database, const Clock& clock)
    : database_(database), clock_(clock), replica_(HexLower(RandomBytes(16))) {}

FetchFunction SharedItems::Around(FetchFunction upstream, const TrustAnchors& anchors, Holds holds) {
  return [this, upstream = std::move(upstream), &anchors, holds = std::move(holds)](
             const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept) {
    return Fetch(key, deadline, accept, upstream, anchors, holds);
  };
}

Status SharedItems::Fetch(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
                          const FetchFunction& upstream, const TrustAnchors& anchors, const Holds& holds) {
  const std::string name = KeyName(key);
  if (from_here_alone) return TakeHeld(name, accept);
  if (IsPlatformItem(KindOf(key))) return upstream(key, deadline, accept);
  while (true) {
    const auto turn = TakeTurn(name, deadline);
    if (!turn) return upstream(key, deadline, accept);  // as one that is alone
    if (*turn == Turn::kJustAsked && TakeHeld(name, accept).ok()) return {};
    if (*turn != Turn::kOthers) break;
    if (Steady::now() + kPause >= deadline) {
      return Error{ErrorKind::kUnavailable, Check::kUpstreamUnreachable,
                   StrCat(name, ": another replica asks for it, and has no answer yet")};
    }
    std::this_thread::sleep_for(kPause);
  }
  Status fetched = FetchAndShare(key, deadline, accept, upstream, anchors);
  EndTurn(name);
  // What is held is as good as what is there, and that it was not renewed must be seen.
  if (!fetched && !holds(key) && TakeHeld(name, accept).ok()) return {};
  return fetched;
}

// Published before the turn ends: who has the next finds it.
Status SharedItems::FetchAndShare(const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept,
                                  const FetchFunction& upstream, const TrustAnchors& anchors) {
  std::vector<FetchedBytes> accepted;
  Status fetched = upstream(key, deadline, [&](FetchedBytes answer) {
    FetchedBytes copy = answer;
    auto after = accept(std::move(answer));
    if (after.ok()) accepted.push_back(std::move(copy));
    return after;
  });
  for (const FetchedBytes& answer : accepted) Publish(key, answer, anchors);
  return fetched;
}

Result<SharedItems::Turn> SharedItems::TakeTurn(const std::string& name, SteadyTime deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - Steady::now() + Steady::duration(kLeaseSlack));
  Turn turn = Turn::kOthers;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    const std::vector<PgValue> by_name = {PgValue::Of(std::string_view(name))};
    TRY_ASSIGN(const PgRows before, connection.Run(std::string(kJustAsked), by_name));
    if (before.size() != 0) {
      turn = Turn::kJustAsked;
      return {};
    }
    TRY_ASSIGN(const PgRows lease, connection.Run(std::string(kTakeLease),
                                                  {by_name.front(), PgValue::Of(std::string_view(replica_)),
                                                   PgValue::Of(std::max<int64_t>(left.count(), 1))}));
    if (lease.affected() == 0) return {};
    // Whoever had it before may have ended in between.
    TRY_ASSIGN(const PgRows after, connection.Run(std::string(kJustAsked), by_name));
    turn = after.size() != 0 ? Turn::kJustAsked : Turn::kMine;
    return {};
  }));
  return turn;
}

// One that cannot be ended ends by itself.
void SharedItems::EndTurn(const std::string& name) {
  const Status ended = database_.Use([&](PgConnection& connection) -> Status {
    TRY(connection.Run("DELETE FROM thimble_leases WHERE name = $1::bytea AND holder = $2::text",
                       {PgValue::Of(std::string_view(name)), PgValue::Of(std::string_view(replica_))}));
    return {};
  });
  if (!ended) LogDebug("shared database", {{"item", name}}, ended.error().message);
}

Status SharedItems::TakeHeld(const std::string& name, const AcceptFunction& accept) {
  std::optional<FetchedBytes> held;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows,
               connection.Run("SELECT body, chain, source FROM thimble_items WHERE name = $1::bytea",
                              {PgValue::Of(std::string_view(name))}));
    const auto body = rows.Text(0, 0), chain = rows.Text(0, 1), source = rows.Text(0, 2);
    if (body && chain && source) held = FetchedBytes{{Bytes(body->begin(), body->end()), *chain}, *source};
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

Status SharedItems::Pull(const Renew& renew) {
  std::set<std::string> names;
  int64_t last = last_;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows clock, connection.Run("SELECT change FROM thimble_clock"));
    if (clock.Number(0, 0).value_or(0) < last) last = 0;  // another database, or one that was put back
    TRY_ASSIGN(const PgRows rows, connection.Run("SELECT name, change, replica FROM thimble_items "
                                                 "WHERE change > $1::bigint ORDER BY change",
                                                 {PgValue::Of(last)}));
    for (size_t row = 0; row < rows.size(); ++row) {
      last = rows.Number(row, 1).value_or(last);
      if (rows.Text(row, 2) != replica_) names.insert(rows.Text(row, 0).value_or(""));
    }
    return {};
  }));
  from_here_alone = true;
  for (const std::string& name : names) {
    if (const auto key = ParseKeyName(name)) renew(*key);
  }
  from_here_alone = false;
  last_ = last;
  return {};
}

}  // namespace thimble
