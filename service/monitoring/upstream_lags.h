// SPDX-License-Identifier: Apache-2.0
//
// Which upstreams are behind, and how far: known of an upstream once something newer than its answer is held, or was
// given by another one.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "cache/answers.h"
#include "service/support/prometheus_text.h"

namespace thimble {

// Thread-safe.
class UpstreamLags {
 public:
  // What was found longer ago than `known_for` is known no more: nobody may have asked that upstream since.
  explicit UpstreamLags(Seconds known_for) : known_for_(known_for) {}

  void Record(const UpstreamLag& lag);
  // After another set of upstreams was configured.
  void Forget();

  // Those that are behind, the furthest first.
  std::vector<UpstreamLag> Known(Instant now) const;
  void Write(PrometheusText& out, Instant now) const;

 private:
  const Seconds known_for_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, UpstreamLag> behind_;  // by upstream and item
};

}  // namespace thimble
