// SPDX-License-Identifier: Apache-2.0
//
// Which FMSPCs Intel knows, as `fmspcs` answers. The last list is kept in memory: it changes a few times a year.
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

// Thread-safe.
class FmspcList {
 public:
  using Fetch = std::function<Result<std::string>(const std::string& platform)>;
  FmspcList(Fetch fetch, Seconds max_age) : fetch_(std::move(fetch)), max_age_(max_age) {}

  // JSON. An older list is good enough when a new one cannot be had. Errors are those of the fetch.
  Result<std::string> Get(const std::string& platform, Instant now);

 private:
  struct Kept {
    std::string body;
    Instant fetched;
  };
  const Fetch fetch_;
  const Seconds max_age_;
  std::mutex mutex_;
  std::map<std::string, Kept> kept_;
};

}  // namespace thimble
