// SPDX-License-Identifier: Apache-2.0
//
// What a server shares with its replicas, kept in step by a thread of its own: twice a second it takes over what others have
// changed. No thread that answers from what is held waits for it.
#pragma once

#include <atomic>
#include <functional>
#include <memory>
#include <string>

#include "service/shared/postgres_baselines.h"
#include "service/shared/postgres_nonces.h"
#include "service/shared/postgres_store.h"
#include "service/shared/replica_roll.h"
#include "service/shared/shared_items.h"
#include "service/shared/shared_keys.h"
#include "service/support/clock.h"
#include "service/support/periodic_tasks.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe but for Start() and Stop().
class SharedLink {
 public:
  SharedLink(SharedConfig config, const Clock& clock);
  ~SharedLink() { Stop(); }

  SharedFacts& facts() { return facts_; }
  NonceLedger& nonces() { return nonces_; }
  SharedItems& items() { return items_; }
  BaselineLedger& baselines() { return baselines_; }
  const SharedKeys& keys() const { return keys_; }

  // What there is to do with what others have changed.
  struct Work {
    std::function<Result<size_t>()> registry;  // takes it over; how many entries that were
    SharedItems::Take item;
    // As BaselineBook::TakeOver().
    std::function<Status(const std::vector<AgreedBaseline>& agreed, bool all)> baselines;
    std::function<std::vector<Bytes>()> keys;  // our own
  };
  // Connects before it returns. That it cannot is no error; that the tables are of another version is (kMalformed). What
  // there is to take over it does not wait for.
  Status Start(Work work);
  void Stop();

  struct State {
    bool up = false;        // all was well a moment ago
    std::string why;        // not; empty when it is up
    uint64_t failures = 0;  // connections that were lost or could not be made
    double behind = 0;      // seconds since the database answered; since the start when it never did
    uint64_t taken = 0;     // entries taken over from others
  };
  State state() const;
  void Nudge() { nudged_ = true; }  // there is something for the others to agree on
  // Whether this replica knows what is in force: it has said that it is there, and has taken over all that was agreed on
  // since, less than 5 s ago. Whoever promotes a baseline counts on it.
  Status InTouch() const;
  void Write(PrometheusText& out) const;

 private:
  Status Step();
  Status StepBaselines(bool anew);
  void Poll();
  void Purge();

  const Clock& clock_;
  const std::string replica_;  // another one with each start
  Database database_;
  PostgresStore facts_{database_};
  PostgresNonces nonces_{database_};
  SharedItems items_{database_, clock_, replica_};
  PostgresBaselines baselines_{database_, replica_};
  ReplicaRoll roll_{database_, replica_};
  SharedKeys keys_{database_, replica_};
  const std::chrono::steady_clock::time_point begun_ = std::chrono::steady_clock::now();
  Work work_;
  SharedSchema seen_;         // what all was taken over of
  int64_t baselines_to_ = 0;  // the change of baselines that was taken over
  std::string trouble_;       // why not the next
  mutable std::mutex mutex_;
  std::string error_;  // of the last step
  std::optional<std::chrono::steady_clock::time_point> in_touch_;
  uint64_t taken_ = 0;
  std::atomic<bool> nudged_{false};
  std::unique_ptr<PeriodicTasks> tasks_;
};

}  // namespace thimble
