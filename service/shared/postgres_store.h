// SPDX-License-Identifier: Apache-2.0
//
// The facts of all replicas as names and values: a store (cache/store.h) in PostgreSQL whose writes are numbered in the order
// in which they are seen. All writers take the row of the clock first: they are one after the other, and a number is never
// seen before a lower one. What was deleted stays as a name without a value, so that others hear of it.
#pragma once

#include "cache/shared_facts.h"
#include "service/shared/database.h"

namespace thimble {

// `database` outlives it. No request that answers from what is held comes here.
class PostgresStore final : public Store, public SharedFacts {
 public:
  explicit PostgresStore(Database& database) : database_(database) {}

  Result<std::optional<std::string>> Get(std::string_view name) override;
  Status Apply(const std::vector<Write>& batch) override;
  Result<bool> ApplyIf(const std::vector<Expectation>& expected, const std::vector<Write>& batch) override;
  // In memory at once: for tests and small prefixes.
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view name, std::string_view value)>& visit) override;
  Result<SharedChanges> ChangesAfter(const std::string& database, int64_t number) override;
  // The database is in a state of before this number, which was seen of it: from now on all replicas know.
  Result<SharedSchema> NotePutBack(const std::string& identity, int64_t seen);

 private:
  Database& database_;
};

}  // namespace thimble
