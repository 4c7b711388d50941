// SPDX-License-Identifier: Apache-2.0
//
// The shared database: a few connections, and whether it can be reached. Only the background opens connections; while there
// is none, whoever needs one is told so at once. Without a background (commands), the first that needs one opens it.
#pragma once

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "service/shared/postgres.h"
#include "service/shared/schema.h"
#include "service/shared/shared_config.h"

namespace thimble {

// Thread-safe.
class Database {
 public:
  explicit Database(SharedConfig config) : config_(std::move(config)) {}

  // Lends a connection to `work`, which must not keep it, for so long. Errors: its own; SharedError() when there is none.
  using Work = std::function<Status(PgConnection&)>;
  static constexpr std::chrono::milliseconds kPatience{2000};
  Status Use(const Work& work, std::chrono::milliseconds patience = kPatience);

  // Opens the connections that are missing, and checks the schema. Errors: SharedError(); kMalformed for the schema.
  Status Mend();
  // Reads the schema again: a connection may outlive the tables that it was opened for. Where they are not ours any more,
  // there is no connection. Errors: as Mend().
  Result<SharedSchema> Look();
  // Makes the tables, or brings them up to date: from which version; 0: there were none.
  Result<int64_t> Migrate();
  void BeginBackground();  // from here on only whoever calls Mend() opens any

  struct State {
    bool up = false;
    std::string error;      // the last one, while it is down
    uint64_t failures = 0;  // connections that were lost or could not be made, since the start
    std::optional<std::chrono::steady_clock::time_point> reached = {};  // the last time that it answered
  };
  State state() const;
  std::optional<SharedSchema> schema() const;  // as it was last read

 private:
  using Held = std::unique_ptr<PgConnection>;
  Result<Held> Take(std::chrono::milliseconds patience);
  void GiveBack(Held connection);
  void Forget(const Error& why);
  Result<Held> Connect() const;
  Result<Held> Open();
  void NoteFailure(const Error& error);

  const SharedConfig config_;
  mutable std::mutex mutex_;
  std::condition_variable free_;
  std::vector<Held> idle_;
  size_t open_ = 0;     // idle ones, and those that are lent
  size_t waiting_ = 0;  // for one that is lent
  bool background_ = false;
  std::optional<SharedSchema> schema_;
  State state_;
};

}  // namespace thimble
