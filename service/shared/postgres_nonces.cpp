// SPDX-License-Identifier: Apache-2.0
#include "service/shared/postgres_nonces.h"

namespace thimble {

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

Result<bool> PostgresNonces::Take(ByteView nonce, Instant) {
  bool first = false;
  TRY(database_.Use([&](PgConnection& connection) -> Status {
    TRY_ASSIGN(const PgRows rows,
               connection.Run("INSERT INTO thimble_nonces (nonce) VALUES ($1::bytea) ON CONFLICT DO NOTHING",
                              {PgValue::Of(nonce)}));
    first = rows.affected() == 1;
    return {};
  }));
  return first;
}

Status PostgresNonces::Purge() {
  return database_.Use([](PgConnection& connection) -> Status {
    TRY(connection.Run("DELETE FROM thimble_nonces WHERE taken < now() - interval '1 day'"));
    return {};
  });
}

}  // namespace thimble
