// SPDX-License-Identifier: Apache-2.0
//
// Runs refresh passes: one a minute on a thread of its own, and those that somebody asks for. Logs and counts what they
// do. It also watches the clock, by which they judge.
#pragma once

#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/refresher.h"
#include "service/support/clock.h"
#include "service/support/clock_watch.h"
#include "service/support/periodic_tasks.h"

namespace thimble {

// Thread-safe but for Start(). The destructor waits for what is under way.
class RefreshScheduler {
 public:
  using ReadClocks = std::function<ClockReading()>;
  RefreshScheduler(Refresher& refresher, const Clock& clock, ReadClocks clocks = Clock::BothClocks)
      : refresher_(refresher), clock_(clock), clocks_(std::move(clocks)), watch_(clocks_()) {}
  ~RefreshScheduler() { Stop(); }
  RefreshScheduler(const RefreshScheduler&) = delete;
  RefreshScheduler& operator=(const RefreshScheduler&) = delete;

  // What is asked for beside the cache's items: its lines are part of every pass's report. Null: nothing any more; it
  // returns when what is under way has ended.
  using Also = std::function<std::vector<RefreshLine>(Instant now, RefreshUrge urge)>;
  void Include(Also also);

  // Passes from now on. What each renews, and when, is the items' own: a pass mostly finds nothing to do.
  void Start();
  // No pass begins any more, and those under way end early.
  void Stop() { stopping_ = true; }
  bool stopping() const { return stopping_; }

  // One pass, of all that is due; or of everything, due or not.
  RefreshReport RunNow() { return Run(Refresher::Urge::kNow); }
  RefreshReport RunAll() { return Run(Refresher::Urge::kNow, Refresher::kAll); }
  // Of one item, or of what is held of an FMSPC. Errors: request.invalid when nothing of it is held.
  Result<RefreshReport> RunItem(const CollateralKey& key);
  Result<RefreshReport> RunFmspc(const intel::Fmspc& fmspc);

  // What the thread of the passes does every ten seconds, unless time is frozen: a clock that was set has a pass made at
  // once.
  void LookAtClock();
  // The wall clock was set: until a pass that begins now or later is complete, passes ask for all that was not checked
  // since, whatever its back-off.
  void NoteJump(const ClockJump& jump);
  // The last jump, until then.
  std::optional<ClockJump> jump() const { return JumpsSoFar().second; }

  struct Totals {
    uint64_t passes = 0;
    std::array<uint64_t, 3> lines{};  // by RefreshLine::Outcome
    int64_t last_pass = 0;            // seconds since 1970; 0: none yet
    uint64_t jumps = 0;               // of the wall clock
  };
  Totals totals() const;

 private:
  void AskAlso(Instant now, RefreshUrge urge, RefreshReport& report);
  RefreshReport Run(Refresher::Urge urge, Instant since = kNever);
  Result<RefreshReport> RunOver(const std::vector<CollateralKey>& keys, std::string_view what);
  void Record(const RefreshReport& report);
  std::pair<uint64_t, std::optional<ClockJump>> JumpsSoFar() const;

  Refresher& refresher_;
  const Clock& clock_;
  const ReadClocks clocks_;
  std::condition_variable also_over_;
  Also also_;
  size_t asking_also_ = 0;  // calls of it under way
  std::atomic<bool> stopping_{false};
  mutable std::mutex mutex_;
  Totals totals_;
  std::optional<ClockJump> jump_;
  ClockWatch watch_;                       // the thread's own
  std::unique_ptr<PeriodicTasks> passes_;  // last: its thread uses all of the above
};

}  // namespace thimble
