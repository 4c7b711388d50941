// SPDX-License-Identifier: Apache-2.0
//
// The tables of the shared database, with a version. `thimble shared migrate` makes them and brings them up to date; a
// server only looks.
#pragma once

#include <string>

#include "service/shared/postgres.h"

namespace thimble {

inline constexpr int64_t kSharedSchema = 1;

struct SharedSchema {
  int64_t version = 0;
  std::string identity;  // of this database: another one, or one that was made anew or put back, has another
  int64_t change = 0;    // the number of the last
  bool overdue = false;  // a change of a baseline was not settled in its time
  Bytes nonce_secret;
};

// "NAME" or "NAME-TOKEN": one that was put back keeps its name.
bool IsSameDatabase(std::string_view identity, std::string_view other);

// Errors (kMalformed, request.invalid): it was never migrated, or is of another version than this Thimble's.
Result<SharedSchema> ReadSharedSchema(PgConnection& connection);
// The same by one question, of a database that was read before.
Result<SharedSchema> LookAtSchema(PgConnection& connection);
// From which version it came: 0 where there were no tables. Errors: also for what is newer.
Result<int64_t> MigrateShared(PgConnection& connection);

}  // namespace thimble
