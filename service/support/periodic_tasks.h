// SPDX-License-Identifier: Apache-2.0
//
// A thread for what has to be done now and then, away from requests.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace thimble {

struct PeriodicTask {
  std::chrono::milliseconds every;
  std::function<void()> work;  // reports its own failures
  bool at_once = false;        // the first time at the start, not after one interval
};

// Runs each task once an interval. The destructor waits for the one that runs.
class PeriodicTasks {
 public:
  explicit PeriodicTasks(std::vector<PeriodicTask> tasks);
  ~PeriodicTasks();
  PeriodicTasks(const PeriodicTasks&) = delete;
  PeriodicTasks& operator=(const PeriodicTasks&) = delete;

 private:
  struct Planned {
    PeriodicTask task;
    std::chrono::steady_clock::time_point due;
  };
  void Loop();

  std::vector<Planned> planned_;  // the thread's own
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace thimble
