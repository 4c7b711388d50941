// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/refresh_scheduler.h"

#include <chrono>

#include "service/support/log.h"

namespace thimble {
namespace {

// How late a due item may be noticed. A pass over what is shared costs some milliseconds.
constexpr std::chrono::seconds kBetweenPasses{60};

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
  passes_ = std::make_unique<PeriodicTasks>(
      std::vector<PeriodicTask>{{kBetweenPasses,
                                 [this] {
                                   if (!stopping_)
                                     (void)Run(Refresher::Urge::kPatient);  // logged and counted there
                                 },
                                 true}});
}

void RefreshScheduler::AskAlso(Instant now, RefreshUrge urge, RefreshReport& report) {
  const std::lock_guard lock(asking_also_);
  if (!also_ || stopping_) return;
  for (RefreshLine& line : also_(now, urge)) report.lines.push_back(std::move(line));
}

RefreshReport RefreshScheduler::Run(Refresher::Urge urge) {
  const Instant now = clock_.Now();
  RefreshReport report = refresher_.Pass(now, urge, stopping_);
  AskAlso(now, urge, report);
  LogReport(report);
  const std::lock_guard lock(mutex_);
  ++totals_.passes;
  totals_.last_pass = now.time_since_epoch().count();
  for (const RefreshLine& line : report.lines) ++totals_.lines.at(static_cast<size_t>(line.outcome));
  return report;
}

RefreshScheduler::Totals RefreshScheduler::totals() const {
  const std::lock_guard lock(mutex_);
  return totals_;
}

}  // namespace thimble
