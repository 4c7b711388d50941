// SPDX-License-Identifier: Apache-2.0
#include "service/shared/postgres_store.h"

#include "cache/store_rules.h"
#include "service/shared/schema.h"
#include "service/support/randomness.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr int64_t kAtOnce = 50;  // changes; a registration has up to 130 kB

// A registration is there at once; what is large takes its time on the way.
std::chrono::seconds TimeFor(const std::vector<Store::Write>& batch) {
  size_t bytes = 0;
  for (const Store::Write& write : batch)
    bytes += write.name.size() + (write.value ? write.value->size() : 0);
  return std::chrono::seconds(2 + (bytes >> 20));
}

// The number of the first of so many writes; whoever else writes waits until this transaction has ended.
Result<int64_t> FirstNumber(PgConnection& connection, size_t writes) {
  TRY_ASSIGN(
      const PgRows rows,
      connection.Run("UPDATE thimble_clock SET change = change + $1::bigint WHERE id = 1 RETURNING change",
                     {PgValue::Of(static_cast<int64_t>(writes))}));
  const auto last = rows.Number(0, 0);
  if (!last) return SharedError("the row of thimble_clock is gone: restore a backup");
  return *last - static_cast<int64_t>(writes) + 1;
}

Result<bool> IsSo(PgConnection& connection, const Store::Expectation& expected) {
  TRY_ASSIGN(const PgRows rows, connection.Run("SELECT version FROM thimble_facts WHERE name = $1::bytea",
                                               {PgValue::Of(std::string_view(expected.name))}));
  const auto version = rows.Text(0, 0);
  if (!version || !expected.version) return !version && !expected.version;
  return AsText(expected.version->view()) == *version;
}

Status Put(PgConnection& connection, const Store::Write& write, int64_t number) {
  const auto version = Store::VersionOf(write.value);
  TRY(
      connection.Run("INSERT INTO thimble_facts (name, value, version, change) "
                     "VALUES ($1::bytea, $2::bytea, $3::bytea, $4::bigint) ON CONFLICT (name) DO UPDATE SET "
                     "value = excluded.value, version = excluded.version, change = excluded.change",
                     {PgValue::Of(std::string_view(write.name)), PgValue::Maybe(write.value),
                      version ? PgValue::Of(version->view()) : PgValue::Null(), PgValue::Of(number)}));
  return {};
}

// True: it is all written, once it is committed.
Result<bool> WriteAll(PgConnection& connection, const std::vector<Store::Expectation>& expected,
                      const std::vector<Store::Write>& batch) {
  TRY_ASSIGN(int64_t number, FirstNumber(connection, batch.size()));
  for (const Store::Expectation& one : expected) {
    TRY_ASSIGN(const bool so, IsSo(connection, one));
    if (!so) return false;
  }
  for (const Store::Write& write : batch) TRY(Put(connection, write, number++));
  return true;
}

Result<SharedChanges> ReadChanges(PgConnection& connection, const std::string& identity, int64_t after) {
  SharedChanges changes;
  changes.database = identity;
  changes.last = after;
  TRY_ASSIGN(const PgRows rows,
             connection.Run("SELECT name, value, change FROM thimble_facts WHERE change > $1::bigint AND "
                            "(value IS NULL OR length(value) <= 16777216) ORDER BY change LIMIT $2::bigint",
                            {PgValue::Of(after), PgValue::Of(kAtOnce)}));
  for (size_t row = 0; row < rows.size(); ++row) {
    changes.writes.push_back({rows.Text(row, 0).value_or(""), rows.Text(row, 1)});
    changes.last = rows.Number(row, 2).value_or(changes.last);
    changes.numbers.push_back(changes.last);
  }
  changes.more = rows.size() == kAtOnce;
  return changes;
}

// It is called by another name from now on, so that every replica compares what it has; and its numbers go on after those
// that were seen of it.
Result<SharedSchema> MarkPutBack(PgConnection& connection, const std::string& identity, int64_t number) {
  const std::string fresh = StrCat(identity.substr(0, identity.find('-')), "-", HexLower(RandomBytes(8)));
  TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
  TRY(connection.Run("UPDATE thimble_clock SET change = GREATEST(change, $1::bigint) WHERE id = 1",
                     {PgValue::Of(number)}));
  TRY(connection.Run("UPDATE thimble_schema SET identity = $1::text WHERE identity = $2::text",
                     {PgValue::Of(std::string_view(fresh)), PgValue::Of(std::string_view(identity))}));
  TRY_ASSIGN(SharedSchema now, LookAtSchema(connection));
  TRY(transaction.Commit());
  return now;
}

}  // namespace

Result<std::optional<std::string>> PostgresStore::Get(std::string_view name) {
  std::optional<std::string> value;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows,
               connection.Run("SELECT value FROM thimble_facts WHERE name = $1::bytea", {PgValue::Of(name)}));
    value = rows.Text(0, 0);
    return {};
  }));
  return value;
}

Status PostgresStore::Apply(const std::vector<Write>& batch) {
  TRY(ApplyIf({}, batch));
  return {};
}

Result<bool> PostgresStore::ApplyIf(const std::vector<Expectation>& expected,
                                    const std::vector<Write>& batch) {
  TRY(CheckBatch(batch));
  bool written = false;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    connection.SetDeadline(std::chrono::steady_clock::now() + TimeFor(batch));
    TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
    TRY_ASSIGN(written, WriteAll(connection, expected, batch));
    return written ? transaction.Commit() : Status();
  }));
  return written;
}

Status PostgresStore::Scan(std::string_view prefix,
                           const std::function<bool(std::string_view name, std::string_view value)>& visit) {
  std::vector<std::pair<std::string, std::string>> found;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(
        const PgRows rows,
        connection.Run("SELECT name, value FROM thimble_facts WHERE name >= $1::bytea AND value IS NOT NULL "
                       "AND substring(name FROM 1 FOR length($1::bytea)) = $1::bytea ORDER BY name",
                       {PgValue::Of(prefix)}));
    for (size_t row = 0; row < rows.size(); ++row)
      found.emplace_back(rows.Text(row, 0).value_or(""), rows.Text(row, 1).value_or(""));
    return {};
  }));
  for (const auto& [name, value] : found) {
    if (!visit(name, value)) break;
  }
  return {};
}

// A database that was put back to a state of before has lower numbers than were seen of it: all of it counts anew.
Result<SharedChanges> PostgresStore::ChangesAfter(const std::string& database, int64_t number) {
  SharedChanges changes;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(SharedSchema now, LookAtSchema(connection));
    if (now.identity == database && number > now.change) {
      TRY_ASSIGN(now, MarkPutBack(connection, now.identity, number));
    }
    const bool anew = now.identity != database;
    TRY_ASSIGN(changes, ReadChanges(connection, now.identity, anew ? 0 : number));
    changes.anew = anew;
    changes.put_back = anew && IsSameDatabase(now.identity, database);
    return {};
  }));
  return changes;
}

Result<SharedSchema> PostgresStore::NotePutBack(const std::string& identity, int64_t seen) {
  SharedSchema now;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(now, MarkPutBack(connection, identity, seen));
    return {};
  }));
  return now;
}

}  // namespace thimble
