// SPDX-License-Identifier: Apache-2.0
//
// The replicas that are there: each says so about once a second, with how far it has taken over what they have agreed on.
// Who has not said so for 5 s signs nothing (SharedLink::InTouch), and is not waited for.
#pragma once

#include <string>

#include "service/shared/database.h"

namespace thimble {

// Thread-safe but for Answer().
class ReplicaRoll {
 public:
  // `replica`: its id; `database` outlives it.
  ReplicaRoll(Database& database, std::string replica);

  // Every second, and at once when there is something new: the change of baselines that has been taken over, and why not the
  // next.
  Status Answer(int64_t baselines, const std::string& trouble);
  Status Purge();  // those that are long gone
  // When the last answer that arrived was begun.
  std::optional<std::chrono::steady_clock::time_point> answered() const { return answered_; }
  // The others that are there and have not come to this change, with what is in their way; empty: none.
  static Result<std::string> Missing(PgConnection& connection, const std::string& replica, int64_t baselines);

 private:
  Database& database_;
  const std::string replica_, name_;
  std::optional<std::chrono::steady_clock::time_point> answered_;
  int64_t baselines_ = -1;
  std::string trouble_;
};

}  // namespace thimble
