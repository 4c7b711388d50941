// SPDX-License-Identifier: Apache-2.0
//
// Runs refresh passes: one a minute on a thread of its own, and those that somebody asks for. Logs and counts what they
// do.
#pragma once

#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>

#include "cache/refresher.h"
#include "service/support/clock.h"
#include "service/support/periodic_tasks.h"

namespace thimble {

// Thread-safe but for Start(). The destructor waits for what is under way.
class RefreshScheduler {
 public:
  RefreshScheduler(Refresher& refresher, const Clock& clock) : refresher_(refresher), clock_(clock) {}
  ~RefreshScheduler() { Stop(); }
  RefreshScheduler(const RefreshScheduler&) = delete;
  RefreshScheduler& operator=(const RefreshScheduler&) = delete;

  // What is asked for beside the cache's items: its lines are part of every pass's report. Null: nothing any more; it
  // returns when what is under way has ended.
  using Also = std::function<std::vector<RefreshLine>(Instant now, RefreshUrge urge)>;
  void Include(Also also) {
    const std::lock_guard lock(asking_also_);
    also_ = std::move(also);
  }

  // Passes from now on. What each renews, and when, is the items' own: a pass mostly finds nothing to do.
  void Start();
  // No pass begins any more, and those under way end early.
  void Stop() { stopping_ = true; }

  // One pass, of all that is due.
  RefreshReport RunNow() { return Run(Refresher::Urge::kNow); }

  struct Totals {
    uint64_t passes = 0;
    std::array<uint64_t, 3> lines{};  // by RefreshLine::Outcome
    int64_t last_pass = 0;            // seconds since 1970; 0: none yet
  };
  Totals totals() const;

 private:
  void AskAlso(Instant now, RefreshUrge urge, RefreshReport& report);
  RefreshReport Run(Refresher::Urge urge);

  Refresher& refresher_;
  const Clock& clock_;
  std::mutex asking_also_;
  Also also_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  Totals totals_;
  std::unique_ptr<PeriodicTasks> passes_;  // last: its thread uses all of the above
};

}  // namespace thimble
