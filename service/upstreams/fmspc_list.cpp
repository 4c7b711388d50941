// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/fmspc_list.h"

#include "cache/freshness.h"

namespace thimble {

Result<std::string> FmspcList::Get(const std::string& platform, Instant now) {
  const std::lock_guard lock(mutex_);  // also while it is fetched: one call upstream for all who wait
  const auto kept = kept_.find(platform);
  if (kept != kept_.end() && HappenedWithin(max_age_, kept->second.fetched, now)) return kept->second.body;
  auto fetched = fetch_(platform);
  if (fetched.ok()) kept_[platform] = {*fetched, now};
  if (!fetched.ok() && kept != kept_.end()) return kept->second.body;
  return fetched;
}

}  // namespace thimble
