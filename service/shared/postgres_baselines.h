// SPDX-License-Identifier: Apache-2.0
//
// The baselines that replicas have agreed on, each with its history in one row. A version that is put in force is in force
// with each replica as soon as it hears of it; where one that is there does not acknowledge it in time, the one before is
// put back by whoever notices first.
#pragma once

#include <vector>

#include "service/baselines/baseline_ledger.h"
#include "service/shared/database.h"

namespace thimble {

// `database` outlives it.
class PostgresBaselines final : public BaselineLedger {
 public:
  PostgresBaselines(Database& database, std::string replica)
      : database_(database), replica_(std::move(replica)) {}

  Result<std::optional<int64_t>> Replace(const AgreedBaseline& next, Needs needs) override;
  Status Settle(const std::string& name, int64_t number) override;

  // In the order of their numbers.
  Result<std::vector<AgreedBaseline>> ChangesAfter(int64_t number);
  // What nobody has settled in its time.
  Status UndoOverdue();

 private:
  Database& database_;
  const std::string replica_;
};

}  // namespace thimble
