// SPDX-License-Identifier: Apache-2.0
//
// What a server shares with its replicas, kept in step by a thread of its own: once a second it takes over what others have
// changed. No thread that answers from what is held waits for it.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "service/shared/postgres_nonces.h"
#include "service/shared/postgres_store.h"
#include "service/shared/shared_items.h"
#include "service/support/clock.h"
#include "service/support/periodic_tasks.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe but for Start() and Stop().
class SharedLink {
 public:
  SharedLink(SharedConfig config, const Clock& clock) : clock_(clock), database_(std::move(config)) {}
  ~SharedLink() { Stop(); }

  SharedFacts& facts() { return facts_; }
  NonceLedger& nonces() { return nonces_; }
  SharedItems& items() { return items_; }

  // Takes over what others have changed in the registry; how many entries that were.
  using Pull = std::function<Result<size_t>()>;
  // Asks the database once before it returns. That it cannot be reached is no error; that its tables are of another version
  // is (kMalformed).
  Status Start(Pull pull, SharedItems::Renew renew);
  void Stop();

  struct State {
    bool up = false;        // all was well a moment ago
    std::string why;        // not; empty when it is up
    uint64_t failures = 0;  // connections that were lost or could not be made
    double behind = 0;      // seconds since the database answered; since the start when it never did
    uint64_t taken = 0;     // entries taken over from others
  };
  State state() const;
  void Write(PrometheusText& out) const;

 private:
  Status Step();
  void Poll();

  const Clock& clock_;
  Database database_;
  PostgresStore facts_{database_};
  PostgresNonces nonces_{database_};
  SharedItems items_{database_, clock_};
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  Pull pull_;
  SharedItems::Renew renew_;
  mutable std::mutex mutex_;
  std::string error_;  // of the last step
  uint64_t taken_ = 0;
  std::unique_ptr<PeriodicTasks> tasks_;
};

}  // namespace thimble
