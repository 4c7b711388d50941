// SPDX-License-Identifier: Apache-2.0
#include "service/shared/postgres_nonces.h"

namespace thimble {
namespace {

constexpr Seconds kKeptAfterwards{3600};

}  // namespace

Result<Bytes> PostgresNonces::Secret() {
  auto schema = database_.schema();
  if (!schema) return SharedError("it was not reached yet, and has the secret of nonces");
  return std::move(schema->nonce_secret);
}

Status PostgresNonces::Reachable() {
  const Database::State state = database_.state();
  if (state.up) return {};
  return SharedError(state.error.empty() ? "it was not reached yet" : state.error);
}

Result<bool> PostgresNonces::Take(ByteView nonce, Instant expires) {
  bool first = false;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(
        const PgRows rows,
        connection.Run("INSERT INTO thimble_nonces VALUES ($1::bytea, $2::bigint) ON CONFLICT DO NOTHING",
                       {PgValue::Of(nonce), PgValue::Of(int64_t{expires.time_since_epoch().count()})}));
    first = rows.affected() == 1;
    return {};
  }));
  return first;
}

Status PostgresNonces::Purge(Instant now) {
  return database_.Use([&](PgConnection& connection) -> Status {
    TRY(connection.Run("DELETE FROM thimble_nonces WHERE expires < $1::bigint",
                       {PgValue::Of(int64_t{(now - kKeptAfterwards).time_since_epoch().count()})}));
    return {};
  });
}

}  // namespace thimble
