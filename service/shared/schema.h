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
  std::string identity;  // of this database: another one, or one that was made anew, has another
  Bytes nonce_secret;
};

// Errors (kMalformed, request.invalid): it was never migrated, or is of another version than this Thimble's.
Result<SharedSchema> ReadSharedSchema(PgConnection& connection);
// From which version it came: 0 where there were no tables. Errors: also for what is newer.
Result<int64_t> MigrateShared(PgConnection& connection);

}  // namespace thimble
