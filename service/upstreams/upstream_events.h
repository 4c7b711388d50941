// SPDX-License-Identifier: Apache-2.0
//
// What happens with upstreams, counted and logged.
#pragma once

#include <array>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "fetchers/upstreams.h"
#include "service/support/clock.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe.
class UpstreamEvents {
 public:
  explicit UpstreamEvents(Clock clock = Clock()) : clock_(clock) {}

  void Record(const UpstreamEvent& event);
  // A request had to wait for its turn.
  void RecordWait(std::chrono::milliseconds wait);

  void Write(PrometheusText& out) const;

  // How each is doing since the start, by URL as configured. That something is not there is an answer, too.
  struct Health {
    uint64_t answered = 0, failed = 0, refused = 0;
    std::optional<Instant> last_answer, last_failure;
    std::string last_error;  // of that failure
    double seconds = 0;      // that calls took, in all
  };
  std::map<std::string, Health> health() const;

 private:
  static constexpr size_t kKinds = static_cast<size_t>(UpstreamEvent::Kind::kRefused) + 1;
  struct Totals {
    std::array<uint64_t, kKinds> counts{};
    double seconds = 0;
    std::optional<Instant> last_answer = {}, last_failure = {};
    std::string last_error = {};
  };
  const Clock clock_;
  mutable std::mutex mutex_;              // calls over a network are few
  std::map<std::string, Totals> totals_;  // by URL as configured
  uint64_t waits_ = 0;
  double waited_seconds_ = 0;
};

}  // namespace thimble
