// SPDX-License-Identifier: Apache-2.0
//
// The state of the collateral that is held, as JSON and as text: the same for `thimble status` and GET /v1/status.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cache/answers.h"
#include "cache/collateral_cache.h"
#include "service/baselines/recovery_watch.h"
#include "service/monitoring/refused_requests.h"
#include "service/monitoring/summary.h"
#include "service/support/terminal.h"
#include "tcb/base/result.h"

namespace thimble {

// Of a chip, a QE id, a platform: shown to the administrator alone.
enum class Ids : bool { kHidden, kShown };

struct StatusReport {
  Instant at{};
  std::vector<CacheStatus> items;  // what needs attention first comes first: stale, failing, due, next to end
  uint64_t platform_items = 0;  // VCEKs and PCK sets that are held; at most kMaxListed of them are in `items`
  uint64_t registrations = 0;   // platforms in the registry
  std::vector<std::string> damage = {};  // what of the store is damaged or lost, a sentence each
  // How often things happened since the server started (cache_events.h); empty when none is running.
  std::vector<std::pair<std::string, uint64_t>> events;
  std::vector<ComingSet>
      coming;                 // evaluation data that is out and not in force; none where no server is running
  std::string configuration;  // why the last reload of the configuration was refused; empty: it was not
  // Why clients got nothing since then: by cause, and the last ones, newest first; likewise empty.
  std::vector<std::pair<std::string, uint64_t>> refusals = {};
  std::vector<RefusedRequests::Line> last_refusals = {};
  // Upstreams that are known to be behind, the furthest first (upstream_lags.h); likewise empty.
  std::vector<UpstreamLag> lags = {};
  std::optional<Summary> summary = {};  // of a Thimble of this version
};

inline constexpr size_t kMaxListed = 10'000;
// Without the items of single platforms for whom ids are hidden: they are only counted, and none of them is read.
StatusReport MakeStatusReport(CollateralCache& cache, Instant now, Ids ids);

// {"at": ..., "summary": {...}, "platform_items": 3, "registrations": 200, "damage": [...], "items": [{item, freshness, issued, next_update, fetched, last_check, next_refresh, source, sha256,
// order_number, last_error}], "events": {"hit": 12, "refused": 1, ...}, "refusals":
// {"pck.not_registered": 2, ...}, "last_refusals": [{at, cause, request}], "coming": [{tee, evaluation, in_force, refused,
// changed_tcbs, unjudged_tcbs}], "upstream_lags": [{upstream, item, behind_seconds, at}], "configuration": ...};
// last_check is absent where no upstream has confirmed the item; last_error, damage, events, refusals, coming,
// upstream_lags and configuration are absent when there are none.
std::string StatusJson(const StatusReport& report);
// Unavailable (upstream.answer) when it is not that JSON: it comes from a server.
Result<StatusReport> ParseStatusJson(std::string_view json);
// For a terminal of this many columns: what does not fit is left out, from the right; never of an item its name.
inline constexpr size_t kAnyWidth = SIZE_MAX;
Lines StatusText(const StatusReport& report, size_t width = kAnyWidth);

}  // namespace thimble
