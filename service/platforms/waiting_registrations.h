// SPDX-License-Identifier: Apache-2.0
//
// Registrations that wait for certificates, as those that an import brings: fetched at refresh passes, wherever upstreams may
// be asked. What is fetched waits no longer; what fails is tried again, ever less often, for a registration cannot be had a
// second time.
#pragma once

#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "cache/platform_registry.h"
#include "cache/refresher.h"

namespace thimble {

// Thread-safe. What is given outlives it.
class WaitingRegistrations {
 public:
  // PckService::FetchFor.
  using Fetch = std::function<Status(const Registration& registration)>;
  // `reachable`: whether upstreams of Intel's may be asked. `stopping`, or null: ends a pass after what is under way.
  WaitingRegistrations(PlatformRegistry& registry, Fetch fetch, std::function<bool()> reachable,
                       std::function<bool()> stopping = nullptr)
      : registry_(registry),
        fetch_(std::move(fetch)),
        reachable_(std::move(reachable)),
        stopping_(std::move(stopping)) {}

  // Asks for those that are due: at once, and as long as they wait after a minute, two, four, up to six hours; those also
  // that are not due when it is urgent. A pass asks for kMaxAtOnce, so that others get their turn. What is refused as
  // another platform's waits no longer.
  std::vector<RefreshLine> Pass(Instant now, RefreshUrge urge);

  static constexpr size_t kMaxAtOnce = 50;

 private:
  struct Attempt {
    Instant asked = kNever;
    Seconds wait{0};
  };
  std::vector<QueuedRegistration> Due(Instant now, RefreshUrge urge);
  RefreshLine Ask(const Registration& registration);
  void Withdraw(const Registration& registration);

  PlatformRegistry& registry_;
  const Fetch fetch_;
  const std::function<bool()> reachable_, stopping_;
  std::mutex mutex_;  // one pass at a time
  std::map<std::string, Attempt> attempts_;
};

}  // namespace thimble
