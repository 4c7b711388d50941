// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/refresh_scheduler.h"

#include <chrono>

#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

// How late a due item may be noticed. A pass over what is shared costs some milliseconds.
constexpr std::chrono::seconds kBetweenPasses{60};

void Log(const RefreshReport& report) {
  using Outcome = RefreshLine::Outcome;
  for (const RefreshLine& line : report.lines) {
    if (line.outcome != Outcome::kFailed && !line.stale) continue;
    LogWarning(
        StrCat(line.stale ? "refresh: stale" : "refresh: failed", " item=", line.item, " ", line.reason));
  }
  const size_t renewed = report.Count(Outcome::kRenewed), failed = report.Count(Outcome::kFailed);
  const std::string line = StrCat("refresh: renewed=", renewed, " kept=", report.Count(Outcome::kKept),
                                  " failed=", failed, " not_due=", report.not_due);
  renewed + failed > 0 ? LogInfo(line) : LogDebug(line);
}

}  // namespace

RefreshScheduler::~RefreshScheduler() {
  Stop();
  if (thread_.joinable()) thread_.join();
}

void RefreshScheduler::Start() {
  thread_ = std::thread([this] { Loop(); });
}

void RefreshScheduler::Stop() {
  const std::lock_guard lock(mutex_);
  stopping_ = true;
  wake_.notify_all();
}

void RefreshScheduler::Loop() {
  while (!stopping_) {
    (void)Run(Refresher::Urge::kPatient);  // logged and counted there
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, kBetweenPasses, [this] { return stopping_.load(); });
  }
}

RefreshReport RefreshScheduler::Run(Refresher::Urge urge) {
  const Instant now = clock_.Now();
  RefreshReport report = refresher_.Pass(now, urge, stopping_);
  Log(report);
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
