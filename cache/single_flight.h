// SPDX-License-Identifier: Apache-2.0
//
// One piece of work for a name at a time, its outcome shared by all who ask for it meanwhile.
#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

namespace thimble {

// Thread-safe. No lock is held while working.
template <class T>
class SingleFlight {
 public:
  // Runs `work`, or waits for it when it runs for this name already; nullopt when that takes longer than `patience`
  // (of real time). Work that throws leaves no outcome: one of those who wait takes over.
  std::optional<T> Share(const std::string& name, std::chrono::milliseconds patience,
                         const std::function<T()>& work) {
    std::unique_lock lock(mutex_);
    for (auto found = flights_.find(name); found != flights_.end(); found = flights_.find(name)) {
      const std::shared_ptr<Flight> flight = found->second;
      if (!flight->landed.wait_for(lock, patience, [&] { return flight->done; })) return std::nullopt;
      if (flight->outcome) return flight->outcome;
    }
    const Landing landing{this, name, flights_.emplace(name, std::make_shared<Flight>()).first->second};
    lock.unlock();
    T outcome = work();
    lock.lock();
    landing.flight->outcome = outcome;
    lock.unlock();
    return outcome;
  }

 private:
  struct Flight {
    std::condition_variable landed;
    bool done = false;
    std::optional<T> outcome;
  };
  struct Landing {
    SingleFlight* group;
    const std::string& name;
    std::shared_ptr<Flight> flight;
    ~Landing() {
      const std::lock_guard lock(group->mutex_);
      flight->done = true;
      flight->landed.notify_all();
      group->flights_.erase(name);
    }
  };

  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<Flight>> flights_;
};

}  // namespace thimble
