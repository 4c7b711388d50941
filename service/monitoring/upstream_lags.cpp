// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/upstream_lags.h"

#include <algorithm>

#include "cache/freshness.h"
#include "service/support/log.h"

namespace thimble {

void UpstreamLags::Record(const UpstreamLag& lag) {
  {
    const std::lock_guard lock(mutex_);
    const std::pair place(lag.upstream, lag.item);
    if (lag.behind == Seconds(0)) {
      behind_.erase(place);
      return;
    }
    if (!behind_.insert_or_assign(place, lag).second) return;
  }
  LogWarning("upstream lags",
             {{"upstream", lag.upstream}, {"item", lag.item}, {"behind_seconds", lag.behind.count()}},
             "what it gave is older than what is known from elsewhere");
}

void UpstreamLags::Forget() {
  const std::lock_guard lock(mutex_);
  behind_.clear();
}

std::vector<UpstreamLag> UpstreamLags::Known(Instant now) const {
  std::vector<UpstreamLag> known;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [place, lag] : behind_) {
      if (HappenedWithin(known_for_, lag.at, now)) known.push_back(lag);
    }
  }
  std::ranges::stable_sort(known, std::greater(), &UpstreamLag::behind);
  return known;
}

void UpstreamLags::Write(PrometheusText& out, Instant now) const {
  std::map<std::string, Seconds> most;
  for (const UpstreamLag& lag : Known(now))
    most.emplace(lag.upstream, lag.behind);  // the furthest comes first
  out.Metric("thimble_upstream_lag_seconds", "gauge",
             "How much older an upstream's answer was than the newest that is known, at most over its items; "
             "none for one that is not known to be behind.");
  for (const auto& [upstream, behind] : most)
    out.Sample({{"upstream", upstream}}, static_cast<double>(behind.count()));
}

}  // namespace thimble
