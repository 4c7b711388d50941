// SPDX-License-Identifier: Apache-2.0
#include "service/shared/postgres_baselines.h"

#include <thread>

#include "service/shared/replica_roll.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

using Steady = std::chrono::steady_clock;

// Whoever is gone is known to be after 6 s; an undoing by others comes after one's own.
constexpr std::chrono::seconds kToSettle{8};
constexpr std::chrono::milliseconds kLookEvery{100};

constexpr std::string_view kReplace =
    "UPDATE thimble_baselines SET state = $2::bytea, change = $3::bigint, "
    "before = CASE WHEN $5::bigint = 1 THEN state END, "
    "until = CASE WHEN $5::bigint = 1 THEN now() + interval '10 seconds' END "
    "WHERE name = $1::bytea AND change = $4::bigint AND before IS NULL";
constexpr std::string_view kInsert =
    "INSERT INTO thimble_baselines (name, state, change) VALUES ($1::bytea, $2::bytea, $3::bigint) "
    "ON CONFLICT DO NOTHING";
constexpr std::string_view kSettle =
    "UPDATE thimble_baselines SET before = NULL, until = NULL WHERE name = $1::bytea AND change = $2::bigint "
    "AND "
    "before IS NOT NULL AND until > now()";
constexpr std::string_view kUndo =
    "UPDATE thimble_baselines SET state = before, before = NULL, until = NULL, change = $3::bigint "
    "WHERE name = $1::bytea AND change = $2::bigint AND before IS NOT NULL";

// All who change anything are one after the other.
Result<int64_t> NextChange(PgConnection& connection) {
  TRY_ASSIGN(const PgRows rows,
             connection.Run("UPDATE thimble_clock SET change = change + 1 WHERE id = 1 RETURNING change"));
  const auto change = rows.Number(0, 0);
  if (!change) return SharedError("the row of thimble_clock is gone: restore a backup");
  return *change;
}

Status Undo(PgConnection& connection, const std::string& name, int64_t number) {
  TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
  TRY_ASSIGN(const int64_t change, NextChange(connection));
  TRY(connection.Run(std::string(kUndo),
                     {PgValue::Of(std::string_view(name)), PgValue::Of(number), PgValue::Of(change)}));
  return transaction.Commit();
}

}  // namespace

Result<std::optional<int64_t>> PostgresBaselines::Replace(const AgreedBaseline& next, Needs needs) {
  std::optional<int64_t> number;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
    TRY_ASSIGN(const int64_t change, NextChange(connection));
    std::vector<PgValue> values = {PgValue::Of(std::string_view(next.name)),
                                   PgValue::Of(std::string_view(next.state)), PgValue::Of(change)};
    const bool first = next.number == 0;
    if (!first) {
      values.push_back(PgValue::Of(next.number));
      values.push_back(PgValue::Of(int64_t{needs == Needs::kAllReplicas ? 1 : 0}));
    }
    TRY_ASSIGN(const PgRows rows, connection.Run(std::string(first ? kInsert : kReplace), values));
    if (rows.affected() == 0) return {};
    TRY(transaction.Commit());
    number = change;
    return {};
  }));
  return number;
}

Status PostgresBaselines::Settle(const std::string& name, int64_t number) {
  const auto deadline = Steady::now() + kToSettle;
  std::string missing = "it was not asked who is there";
  bool settled = false, undone = false;
  const auto look = [&](PgConnection& connection) -> Status {
    TRY_ASSIGN(missing, ReplicaRoll::Missing(connection, replica_, number));
    if (!missing.empty()) return {};
    TRY_ASSIGN(const PgRows rows, connection.Run(std::string(kSettle),
                                                 {PgValue::Of(std::string_view(name)), PgValue::Of(number)}));
    settled = rows.affected() == 1;
    undone = !settled;
    return {};
  };
  Status looked;
  do {
    looked = database_.Use(look);
    if (settled) return {};
    if (undone)
      return SharedError(StrCat("baseline \"", name, "\": the change was undone meanwhile: try again"));
    std::this_thread::sleep_for(kLookEvery);
  } while (Steady::now() < deadline);
  if (!looked) {
    return SharedError(StrCat("baseline \"", name,
                              "\": whether all replicas have taken the change over nobody can tell; "
                              "it is undone in a few seconds: ",
                              looked.error().message));
  }
  TRY(database_.Use([&](PgConnection& connection) { return Undo(connection, name, number); }));
  return SharedError(
      StrCat("baseline \"", name, "\": not taken over by ", missing, "; the change was undone"));
}

Result<std::vector<AgreedBaseline>> PostgresBaselines::ChangesAfter(int64_t number) {
  std::vector<AgreedBaseline> agreed;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows,
               connection.Run("SELECT name, state, change FROM thimble_baselines "
                              "WHERE change > $1::bigint AND length(state) <= 1048576 ORDER BY change",
                              {PgValue::Of(number)}));
    for (size_t row = 0; row < rows.size(); ++row)
      agreed.push_back(
          {rows.Text(row, 0).value_or(""), rows.Text(row, 1).value_or(""), rows.Number(row, 2).value_or(0)});
    return {};
  }));
  return agreed;
}

Status PostgresBaselines::UndoOverdue() {
  return database_.Use([](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows,
               connection.Run("SELECT name, change FROM thimble_baselines WHERE until < now()"));
    for (size_t row = 0; row < rows.size(); ++row)
      TRY(Undo(connection, rows.Text(row, 0).value_or(""), rows.Number(row, 1).value_or(0)));
    return {};
  });
}

}  // namespace thimble
