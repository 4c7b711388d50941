// SPDX-License-Identifier: Apache-2.0
//
// Threads that come as work comes and go when there is none.
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <list>
#include <mutex>
#include <thread>

#include "tcb/base/result.h"

namespace thimble {

// Thread-safe. The destructor, and Drain(), let the work that was given finish and join every thread.
class ThreadPool {
 public:
  ThreadPool(size_t max_threads, size_t max_queue, std::chrono::milliseconds idle)
      : max_threads_(max_threads), max_queue_(max_queue), idle_(idle) {}
  ~ThreadPool() { Drain(); }
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  // `work` must not throw. Queued when max_threads are busy; false, and not taken, when the queue is full.
  // One thread, so that it shows at start whether there can be any. Error: kInternal.
  Status Start();
  // Also false when no thread can be started and none is there.
  [[nodiscard]] bool Run(std::function<void()> work);
  void Drain();

 private:
  using Threads = std::list<std::thread>;
  Status AddThread();
  void Work(Threads::iterator self);

  const size_t max_threads_, max_queue_;
  const std::chrono::milliseconds idle_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> queue_;
  Threads threads_, ended_;  // ended ones wait to be joined
  size_t waiting_ = 0;
  bool draining_ = false;
};

}  // namespace thimble
