// SPDX-License-Identifier: Apache-2.0
#include "service/support/periodic_tasks.h"

#include <algorithm>

namespace thimble {

using SteadyClockTime = std::chrono::steady_clock;

PeriodicTasks::PeriodicTasks(std::vector<PeriodicTask> chores) {
  const auto now = SteadyClockTime::now();
  for (PeriodicTask& chore : chores) {
    const auto due = now + chore.every;
    planned_.push_back({std::move(chore), due});
  }
  thread_ = std::thread([this] { Loop(); });
}

PeriodicTasks::~PeriodicTasks() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_all();
  thread_.join();
}

void PeriodicTasks::Loop() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    auto next = SteadyClockTime::now() + std::chrono::hours(1);
    for (const Planned& planned : planned_) next = std::min(next, planned.due);
    wake_.wait_until(lock, next, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    for (Planned& planned : planned_) {
      if (planned.due > SteadyClockTime::now()) continue;
      planned.chore.work();
      planned.due = SteadyClockTime::now() + planned.chore.every;
    }
    lock.lock();
  }
}

}  // namespace thimble
