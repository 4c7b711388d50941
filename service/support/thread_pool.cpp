// SPDX-License-Identifier: Apache-2.0
#include "service/support/thread_pool.h"

#include "service/support/thread_start.h"

namespace thimble {

Status ThreadPool::Start() {
  const std::lock_guard lock(mutex_);
  return AddThread();
}

Status ThreadPool::AddThread() {
  const auto self = threads_.emplace(threads_.end());
  auto thread = StartThread("to serve requests", [this, self] { Work(self); });
  if (!thread) {
    threads_.erase(self);
    return thread.error();
  }
  *self = std::move(thread).value();
  return {};
}

bool ThreadPool::Run(std::function<void()> work) {
  Threads ended;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= max_queue_ || draining_) return false;
    queue_.push_back(std::move(work));
    const bool wants_thread = queue_.size() > waiting_ && threads_.size() < max_threads_;
    if (wants_thread && !AddThread() && threads_.empty()) {
      queue_.pop_back();
      return false;
    }
    ended.swap(ended_);
  }
  wake_.notify_one();
  for (std::thread& thread : ended) thread.join();
  return true;
}

void ThreadPool::Work(Threads::iterator self) {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++waiting_;
    const bool woken = wake_.wait_for(lock, idle_, [this] { return !queue_.empty() || draining_; });
    --waiting_;
    if (!woken || queue_.empty()) break;
    const std::function<void()> work = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    work();
    lock.lock();
  }
  ended_.splice(ended_.end(), threads_, self);
  wake_.notify_all();  // Drain() waits for the last one
}

void ThreadPool::Drain() {
  Threads ended;
  {
    std::unique_lock lock(mutex_);
    draining_ = true;
    wake_.notify_all();
    wake_.wait(lock, [this] { return threads_.empty(); });
    ended.swap(ended_);
  }
  for (std::thread& thread : ended) thread.join();
}

}  // namespace thimble
