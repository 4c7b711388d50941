// SPDX-License-Identifier: Apache-2.0
#include "cache/workers.h"

namespace thimble {

Workers::Workers(size_t threads, size_t max_queued) : max_queued_(max_queued) {
  for (size_t i = 0; i < threads; ++i) threads_.emplace_back([this] { Loop(); });
}

Workers::~Workers() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

bool Workers::Submit(std::string name, std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    if (names_.contains(name)) return true;
    if (stopping_ || queue_.size() >= max_queued_) return false;
    names_.insert(name);
    queue_.push_back({std::move(name), std::move(job)});
  }
  wake_.notify_one();
  return true;
}

void Workers::WaitUntilIdle() {
  std::unique_lock lock(mutex_);
  idle_.wait(lock, [this] { return names_.empty(); });
}

void Workers::Loop() {
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
    if (stopping_) return;
    Job job = std::move(queue_.front());
    queue_.pop_front();
    lock.unlock();
    job.run();
    lock.lock();
    names_.erase(job.name);
    if (names_.empty()) idle_.notify_all();
  }
}

}  // namespace thimble
