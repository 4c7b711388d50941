// SPDX-License-Identifier: Apache-2.0
//
// A few threads that work off named jobs in the background.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace thimble {

// Thread-safe. The destructor waits for jobs that run and drops those that have not begun.
class Workers {
 public:
  Workers(size_t threads, size_t max_queued);
  ~Workers();
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  // False when the queue is full. A job whose name is queued or running already is that job: nothing is added.
  [[nodiscard]] bool Submit(std::string name, std::function<void()> job);
  // Until no job is queued or running.
  void WaitUntilIdle();

 private:
  struct Job {
    std::string name;
    std::function<void()> run;
  };
  void Loop();

  const size_t max_queued_;
  std::mutex mutex_;
  std::condition_variable wake_, idle_;
  std::deque<Job> queue_;
  std::set<std::string> names_;  // queued and running
  bool stopping_ = false;
  std::vector<std::thread> threads_;
};

}  // namespace thimble
