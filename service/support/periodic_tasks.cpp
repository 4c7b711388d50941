// SPDX-License-Identifier: Apache-2.0
#include "service/support/periodic_tasks.h"

#include <algorithm>

namespace thimble {

using SteadyClock = std::chrono::steady_clock;

PeriodicTasks::PeriodicTasks(std::vector<PeriodicTask> tasks) {
  const auto now = SteadyClock::now();
  for (PeriodicTask& task : tasks) {
    const auto due = task.at_once ? now : now + task.every;
    planned_.push_back({std::move(task), due});
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
    auto next = SteadyClock::now() + std::chrono::hours(1);
    for (const Planned& planned : planned_) next = std::min(next, planned.due);
    wake_.wait_until(lock, next, [this] { return stopping_; });
    if (stopping_) return;
    lock.unlock();
    for (Planned& planned : planned_) {
      if (planned.due > SteadyClock::now()) continue;
      planned.task.work();
      planned.due = SteadyClock::now() + planned.task.every;
    }
    lock.lock();
  }
}

}  // namespace thimble
