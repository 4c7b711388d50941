// SPDX-License-Identifier: Apache-2.0
//
// Nonces of several replicas: the primary key of a table decides who takes one. It stays there for a day by the database's
// clock, so that no replica whose own is wrong can take it again, or have it forgotten.
#pragma once

#include "service/shared/database.h"
#include "service/verification/nonce_ledger.h"

namespace thimble {

// `database` outlives it.
class PostgresNonces final : public NonceLedger {
 public:
  explicit PostgresNonces(Database& database) : database_(database) {}

  Result<Bytes> Secret() override;
  Status Reachable() override;
  Result<bool> Take(ByteView nonce, Instant expires) override;
  Status Purge();

 private:
  Database& database_;
};

}  // namespace thimble
