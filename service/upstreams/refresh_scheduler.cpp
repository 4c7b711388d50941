// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/refresh_scheduler.h"

#include <chrono>

#include "service/support/log.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// How late a due item may be noticed. A pass over what is shared costs some milliseconds.
constexpr std::chrono::seconds kBetweenPasses{60};
constexpr std::chrono::seconds kBetweenLooksAtTheClock{10};

void LogReport(const RefreshReport& report) {
  using Outcome = RefreshLine::Outcome;
  for (const RefreshLine& line : report.lines) {
    if (line.outcome != Outcome::kFailed && !line.stale) continue;
    LogWarning(line.stale ? "item stale" : "refresh failed",
               {{"item", ItemName(line)}, {"outcome", OutcomeName(line.outcome)}}, line.reason);
  }
  const size_t renewed = report.Count(Outcome::kRenewed), failed = report.Count(Outcome::kFailed);
  Log(renewed + failed > 0 ? LogLevel::kInfo : LogLevel::kDebug, "refresh",
      {{"renewed", renewed},
       {"kept", report.Count(Outcome::kKept)},
       {"failed", failed},
       {"not_due", report.not_due}});
}

}  // namespace

void RefreshScheduler::Start() {
  std::vector<PeriodicTask> tasks{{kBetweenPasses,
                                   [this] {
                                     if (!stopping_)
                                       (void)Run(Refresher::Urge::kPatient);  // logged and counted there
                                   },
                                   true}};
  if (!clock_.frozen()) tasks.push_back({kBetweenLooksAtTheClock, [this] { LookAtClock(); }});
  passes_ = std::make_unique<PeriodicTasks>(std::move(tasks));
}

void RefreshScheduler::LookAtClock() {
  const auto jump = watch_.Look(clocks_());
  if (!jump) return;
  NoteJump(*jump);
  if (!stopping_) (void)Run(Refresher::Urge::kNow);
}

void RefreshScheduler::NoteJump(const ClockJump& jump) {
  LogWarning("clock jumped", {{"by_seconds", jump.by.count()}, {"to", FormatRfc3339(jump.to)}},
             "the wall clock was set, beside the time since boot: everything is asked for again");
  const std::lock_guard lock(mutex_);
  ++totals_.jumps;
  jump_ = jump;
}

std::pair<uint64_t, std::optional<ClockJump>> RefreshScheduler::JumpsSoFar() const {
  const std::lock_guard lock(mutex_);
  return {totals_.jumps, jump_};
}

void RefreshScheduler::Include(Also also) {
  std::unique_lock lock(mutex_);
  also_ = std::move(also);
  also_over_.wait(lock, [this] { return asking_also_ == 0; });
}

// Without the lock: it asks an upstream.
void RefreshScheduler::AskAlso(Instant now, RefreshUrge urge, RefreshReport& report) {
  Also also;
  {
    const std::lock_guard lock(mutex_);
    if (!also_ || stopping_) return;
    also = also_;
    ++asking_also_;
  }
  for (RefreshLine& line : also(now, urge)) report.lines.push_back(std::move(line));
  const std::lock_guard lock(mutex_);
  --asking_also_;
  also_over_.notify_all();
}

RefreshReport RefreshScheduler::Run(Refresher::Urge urge, Instant since) {
  const auto [jumps, unsettled] = JumpsSoFar();
  if (unsettled) {
    urge = Refresher::Urge::kNow;
    since = std::max(since, unsettled->to);
  }
  const Instant now = clock_.Now();
  RefreshReport report = refresher_.Pass(now, urge, stopping_, since);
  const bool everything =
      report.complete() && !stopping_;  // of the cache: a floor document has no time of check
  AskAlso(now, urge, report);
  Record(report);
  if (unsettled && everything) {
    const std::lock_guard lock(mutex_);
    if (totals_.jumps == jumps) jump_.reset();
  }
  return report;
}

Result<RefreshReport> RefreshScheduler::RunItem(const CollateralKey& key) {
  const bool held = refresher_.Holds(key, clock_.Now());
  return RunOver(held ? std::vector{key} : std::vector<CollateralKey>(), KeyName(key));
}

Result<RefreshReport> RefreshScheduler::RunFmspc(const intel::Fmspc& fmspc) {
  return RunOver(refresher_.HeldOf(fmspc, clock_.Now()), StrCat("FMSPC ", fmspc.hex()));
}

Result<RefreshReport> RefreshScheduler::RunOver(const std::vector<CollateralKey>& keys,
                                                std::string_view what) {
  if (keys.empty()) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(what, ": nothing of it is held; `thimble fetch` brings it")};
  }
  RefreshReport report = refresher_.PassOver(keys, clock_.Now(), stopping_);
  Record(report);
  return report;
}

void RefreshScheduler::Record(const RefreshReport& report) {
  LogReport(report);
  const std::lock_guard lock(mutex_);
  ++totals_.passes;
  totals_.last_pass = report.at.time_since_epoch().count();
  for (const RefreshLine& line : report.lines) ++totals_.lines.at(static_cast<size_t>(line.outcome));
}

RefreshScheduler::Totals RefreshScheduler::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace thimble
