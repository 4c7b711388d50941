// SPDX-License-Identifier: Apache-2.0
//
// Answers of upstreams that are no items of the cache: kept in memory by name, and asked for again when they are old. One
// call is made for all who wait; after a failure none is made for a while.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "cache/freshness.h"
#include "cache/single_flight.h"
#include "tcb/base/result.h"
#include "tcb/base/text.h"
#include "tcb/base/time.h"
#include "tcb/check.h"

namespace thimble {

// Thread-safe. No lock is held while asking.
template <class T>
class KeptAnswers {
 public:
  using Steady = std::chrono::steady_clock::time_point;
  struct Options {
    Seconds max_age{0};
    std::chrono::milliseconds patience{6000};  // of those who wait for somebody else's call
    std::chrono::milliseconds failure_backoff{10'000};
    std::function<Steady()> clock = {};  // default: the steady clock
  };
  explicit KeptAnswers(Options options) : options_(std::move(options)) {
    if (!options_.clock) options_.clock = std::chrono::steady_clock::now;
  }

  // An older answer is good enough when a new one cannot be had. Errors are those of `ask`.
  Result<T> Get(const std::string& name, Instant now, const std::function<Result<T>()>& ask) {
    while (true) {
      if (auto known = Known(name, now)) return *std::move(known);
      bool mine = false;
      const auto landed = flights_.Share(name, options_.patience, [&] {
        mine = true;
        return Ask(name, now, ask);
      });
      if (!landed) return OrOlder(name, StillAsked(name));
      // That somebody else has no budget left is no answer to us.
      if (mine || landed->ok() || landed->error().check != Check::kMissBudget) return OrOlder(name, *landed);
    }
  }

 private:
  struct Entry {
    std::optional<T> answer;
    Instant fetched{};
    std::optional<Error> failure;  // of the last attempt
    Steady not_before{};           // the next
  };
  static Error StillAsked(const std::string& name) {
    return {ErrorKind::kUnavailable, Check::kUpstreamUnreachable, StrCat(name, ": still being fetched")};
  }

  // What can be said without asking.
  std::optional<Result<T>> Known(const std::string& name, Instant now) {
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    if (found == entries_.end()) return std::nullopt;
    const Entry& entry = found->second;
    if (entry.answer && HappenedWithin(options_.max_age, entry.fetched, now)) return Result<T>(*entry.answer);
    if (!entry.failure || options_.clock() >= entry.not_before) return std::nullopt;
    return entry.answer ? Result<T>(*entry.answer) : Result<T>(*entry.failure);
  }

  // Runs for one name once at a time, so that what the last call brought is seen here.
  Result<T> Ask(const std::string& name, Instant now, const std::function<Result<T>()>& ask) {
    if (auto known = Known(name, now)) return *std::move(known);
    Result<T> asked = ask();
    if (!asked.ok() && asked.error().check == Check::kMissBudget) return asked;  // nobody was asked
    const std::lock_guard lock(mutex_);
    Entry& entry = entries_[name];
    if (asked.ok()) {
      entry = {*asked, now, std::nullopt, {}};
    } else {
      entry.failure = asked.error();
      entry.not_before = options_.clock() + options_.failure_backoff;
    }
    return asked;
  }

  Result<T> OrOlder(const std::string& name, Result<T> asked) {
    if (asked.ok()) return asked;
    const std::lock_guard lock(mutex_);
    const auto found = entries_.find(name);
    return found != entries_.end() && found->second.answer ? Result<T>(*found->second.answer) : asked;
  }

  Options options_;
  SingleFlight<Result<T>> flights_;
  std::mutex mutex_;
  std::map<std::string, Entry> entries_;
};

}  // namespace thimble
