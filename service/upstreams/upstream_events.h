// SPDX-License-Identifier: Apache-2.0
//
// What happens with upstreams, counted and logged.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <string>

#include "fetchers/upstreams.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe.
class UpstreamEvents {
 public:
  void Record(const UpstreamEvent& event);
  // A request had to wait for its turn.
  void RecordWait(std::chrono::milliseconds wait);

  void Write(PrometheusText& out) const;

  struct Calls {
    uint64_t answered = 0, failed = 0, refused = 0;  // answered: "there is no such item" included
    double seconds = 0;
  };
  Calls CallsOf(const std::string& upstream) const;  // since the start

 private:
  static constexpr size_t kKinds = static_cast<size_t>(UpstreamEvent::Kind::kRefused) + 1;
  struct Totals {
    std::array<uint64_t, kKinds> counts{};
    double seconds = 0;
  };
  mutable std::mutex mutex_;              // calls over a network are few
  std::map<std::string, Totals> totals_;  // by URL as configured
  uint64_t waits_ = 0;
  double waited_seconds_ = 0;
};

}  // namespace thimble
