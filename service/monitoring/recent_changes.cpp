// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/recent_changes.h"

#include <algorithm>

#include "cache/cached_item.h"
#include "service/monitoring/collateral_diff.h"

namespace thimble {
namespace {

std::vector<RecentChange> VersionsOf(CollateralCache& cache, const CollateralKey& key, size_t most) {
  const std::vector<PastVersion> past = cache.History(key, most + 1);
  std::vector<RecentChange> out;
  for (size_t i = 0; i + 1 < past.size() && i < most; ++i)
    out.push_back({past[i].fetched, key, DescribeChanges(*past[i + 1].item, *past[i].item)});
  return out;
}

}  // namespace

RecentChanges ChangeFinder::Since(CollateralCache& cache, const std::vector<CacheStatus>& items,
                                  Instant since) {
  RecentChanges out;
  for (const CacheStatus& item : items) {
    if (item.fetched < since || IsPlatformItem(KindOf(item.key))) continue;
    const std::string name = KeyName(item.key);
    std::vector<RecentChange> versions;
    bool known = false;
    {
      const std::lock_guard lock(mutex_);
      const auto found = found_.find(name);
      known = found != found_.end() && found->second.sha256 == item.sha256;
      if (known) versions = found->second.versions;
    }
    if (!known) {
      versions = VersionsOf(cache, item.key, kMaxVersions);
      const std::lock_guard lock(mutex_);
      if (found_.size() >= kMaxItems) found_.clear();
      found_[name] = {item.sha256, versions};
    }
    for (RecentChange& version : versions) {
      if (version.at < since) continue;
      if (version.lines.empty())
        ++out.signed_anew;
      else
        out.changes.push_back(std::move(version));
    }
  }
  std::ranges::stable_sort(out.changes, std::greater<>(), &RecentChange::at);
  return out;
}

}  // namespace thimble
