// SPDX-License-Identifier: Apache-2.0
#include "service/shared/schema.h"

#include <array>

#include "service/support/randomness.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// By version: what leads to it from the one before. A step that was released never changes.
constexpr std::array<const char*, kSharedSchema> kSteps = {R"sql(
CREATE TABLE thimble_clock (
  id smallint PRIMARY KEY CHECK (id = 1),
  change bigint NOT NULL
);
INSERT INTO thimble_clock VALUES (1, 0);
CREATE TABLE thimble_facts (
  name bytea PRIMARY KEY,
  value bytea,
  version bytea,
  change bigint NOT NULL
);
CREATE INDEX thimble_facts_change ON thimble_facts (change);
CREATE TABLE thimble_secrets (
  name text PRIMARY KEY,
  value bytea NOT NULL
);
CREATE TABLE thimble_nonces (
  nonce bytea PRIMARY KEY,
  taken timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX thimble_nonces_taken ON thimble_nonces (taken);
CREATE TABLE thimble_items (
  name bytea PRIMARY KEY,
  body bytea NOT NULL,
  chain bytea NOT NULL,
  source text NOT NULL,
  issued bigint NOT NULL,
  order_number bigint NOT NULL,
  checked timestamptz NOT NULL,
  replica text NOT NULL,
  change bigint NOT NULL
);
CREATE INDEX thimble_items_change ON thimble_items (change);
CREATE TABLE thimble_baselines (
  name bytea PRIMARY KEY,
  state bytea NOT NULL,
  before bytea,
  until timestamptz,
  change bigint NOT NULL
);
CREATE TABLE thimble_replicas (
  id text PRIMARY KEY,
  name text NOT NULL,
  seen timestamptz NOT NULL,
  baselines bigint NOT NULL,
  trouble text NOT NULL
);
CREATE TABLE thimble_keys (
  point bytea PRIMARY KEY,
  replica text NOT NULL,
  until timestamptz NOT NULL
);
CREATE TABLE thimble_leases (
  name bytea PRIMARY KEY,
  holder text NOT NULL,
  expires timestamptz NOT NULL
);
)sql"};

constexpr const char* kSchemaTable = R"sql(
CREATE TABLE IF NOT EXISTS thimble_schema (
  id smallint PRIMARY KEY CHECK (id = 1),
  version bigint NOT NULL,
  identity text NOT NULL
)
)sql";

// What is reached and cannot be used: no waiting helps.
Error Unusable(std::string_view why) {
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("shared database: ", why)};
}

Error Newer(int64_t version) {
  return Unusable(StrCat("its schema ", version, " is of a newer Thimble, this one knows ", kSharedSchema,
                         ": use that, or another database"));
}

Status CheckVersion(int64_t version) {
  if (version > kSharedSchema) return Newer(version);
  if (version == kSharedSchema) return {};
  return Unusable(StrCat("its schema is ", version, ", this Thimble needs ", kSharedSchema,
                         ": run `thimble shared migrate`"));
}

// Two that migrate at the same time wait for each other here.
Result<int64_t> LockedVersion(PgConnection& connection) {
  TRY(connection.RunAll(kSchemaTable));
  TRY(connection.RunAll("LOCK TABLE thimble_schema IN ACCESS EXCLUSIVE MODE"));
  TRY_ASSIGN(const PgRows rows, connection.Run("SELECT version FROM thimble_schema"));
  return rows.Number(0, 0).value_or(0);
}

}  // namespace

bool IsSameDatabase(std::string_view identity, std::string_view other) {
  return identity.substr(0, identity.find('-')) == other.substr(0, other.find('-'));
}

Result<SharedSchema> LookAtSchema(PgConnection& connection) {
  TRY_ASSIGN(
      const PgRows rows,
      connection.Run("SELECT s.version, s.identity, n.value, c.change, (SELECT count(*) FROM "
                     "thimble_baselines WHERE until < now()), current_setting('transaction_read_only') "
                     "FROM thimble_schema s LEFT JOIN thimble_secrets n ON n.name = 'nonces' "
                     "LEFT JOIN thimble_clock c ON c.id = 1"));
  TRY(CheckVersion(rows.Number(0, 0).value_or(0)));
  if (rows.Text(0, 5) != "off") return SharedError("it takes no writes: a standby, or set to be read only");
  const auto identity = rows.Text(0, 1), secret = rows.Text(0, 2);
  const auto change = rows.Number(0, 3);
  constexpr size_t kLeastSecret = 32;
  if (!identity || identity->empty() || !secret || secret->size() < kLeastSecret || !change)
    return Unusable("its tables have lost the secret of nonces, its own name or its clock: restore a backup");
  return SharedSchema{.version = kSharedSchema,
                      .identity = *identity,
                      .change = *change,
                      .overdue = rows.Number(0, 4) != 0,
                      .nonce_secret = Bytes(secret->begin(), secret->end())};
}

// Another version may lack what is looked at.
Result<SharedSchema> ReadSharedSchema(PgConnection& connection) {
  TRY_ASSIGN(const PgRows there,
             connection.Run("SELECT 1 FROM pg_catalog.pg_tables WHERE tablename = 'thimble_schema'"));
  if (there.size() == 0) return Unusable("it has no tables of Thimble yet: run `thimble shared migrate`");
  TRY_ASSIGN(const PgRows rows, connection.Run("SELECT version FROM thimble_schema"));
  TRY(CheckVersion(rows.Number(0, 0).value_or(0)));
  return LookAtSchema(connection);
}

Result<int64_t> MigrateShared(PgConnection& connection) {
  TRY_ASSIGN(PgTransaction transaction, PgTransaction::Begin(connection));
  TRY_ASSIGN(const int64_t before, LockedVersion(connection));
  if (before > kSharedSchema) return Newer(before);
  for (size_t step = static_cast<size_t>(before); step < kSteps.size(); ++step)
    TRY(connection.RunAll(kSteps.at(step)));
  if (before == 0) {
    TRY(connection.Run("INSERT INTO thimble_secrets VALUES ('nonces', $1::bytea)",
                       {PgValue::Of(RandomBytes(32))}));
    TRY(connection.Run("INSERT INTO thimble_schema VALUES (1, $1::bigint, $2::text)",
                       {PgValue::Of(kSharedSchema), PgValue::Of(HexLower(RandomBytes(16)))}));
  } else {
    TRY(connection.Run("UPDATE thimble_schema SET version = $1::bigint", {PgValue::Of(kSharedSchema)}));
  }
  TRY(transaction.Commit());
  return before;
}

}  // namespace thimble
