// SPDX-License-Identifier: Apache-2.0
//
// Runs refresh passes: one now and then on a thread of its own, and those that somebody asks for. Logs and counts what
// they do.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "cache/refresher.h"
#include "service/support/clock.h"

namespace thimble {

// Thread-safe but for Start(). The destructor waits for what is under way.
class RefreshScheduler {
 public:
  RefreshScheduler(Refresher& refresher, const Clock& clock) : refresher_(refresher), clock_(clock) {}
  ~RefreshScheduler();
  RefreshScheduler(const RefreshScheduler&) = delete;
  RefreshScheduler& operator=(const RefreshScheduler&) = delete;

  // Passes from now on. What each renews, and when, is the items' own: a pass mostly finds nothing to do.
  void Start();
  // No pass is begun any more, and those under way end early.
  void Stop();

  // One pass, of all that is due.
  RefreshReport RunNow() { return Run(Refresher::Urge::kNow); }

  struct Totals {
    uint64_t passes = 0;
    std::array<uint64_t, 3> lines{};  // by RefreshLine::Outcome
    int64_t last_pass = 0;            // seconds since 1970; 0: none yet
  };
  Totals totals() const;

 private:
  RefreshReport Run(Refresher::Urge urge);
  void Loop();

  Refresher& refresher_;
  const Clock& clock_;
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  Totals totals_;
  std::thread thread_;
};

}  // namespace thimble
