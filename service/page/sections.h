// SPDX-License-Identifier: Apache-2.0
//
// What the page consists of, from top to bottom: each from plain data, so that it can be drawn without a server.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "service/monitoring/floor_scales.h"
#include "service/monitoring/recent_changes.h"
#include "service/monitoring/status_report.h"
#include "service/monitoring/tcb_ladders.h"
#include "service/monitoring/verdict_hours.h"
#include "service/page/html.h"

namespace thimble::page {

// An upstream, since the start of the server.
struct UpstreamLine {
  std::string vendor, url;
  bool left_out = false;  // for a while, since it could not be reached
  uint64_t answered = 0, failed = 0, refused = 0;
  double seconds = 0;  // of all calls
};

// What all sections are drawn from.
struct View {
  Instant now{};
  Ids ids = Ids::kHidden;
  bool may_verify = false;
  StatusReport status;
  std::vector<std::pair<std::string, std::string>> degraded;  // as /readyz has it: (what, why)
  bool ready = true;
  std::vector<UpstreamLine> upstreams;
  std::vector<TcbLadder> ladders;
  std::vector<LineScales> floors;
  std::string floors_title;  // "thimble-amd-floors 7"; empty: none are in force
  Instant floors_stale_after{};
  VerdictDay verdicts;
  RecentChanges changes;
  std::string baseline;  // "default, version 2: Intel standard, AMD builtin"
};

html::Html OverviewSection(const View& view);
html::Html SearchForm(std::string_view query, Ids ids);
html::Html EvidenceForm(bool may_verify);
html::Html TimelineSection(const View& view);
html::Html LaddersSection(const View& view, const std::optional<std::string>& fmspc);
html::Html FloorsSection(const View& view);
html::Html VerdictsSection(const View& view);
// `impact`: JSON of POST /v1/impact for the set that was asked about; empty: none was.
html::Html ComingSection(const View& view, std::string_view set, std::string_view impact);
html::Html ChangesSection(const View& view);
html::Html UpstreamsSection(const View& view);

// The whole page around them.
html::Html Page(std::string_view title, const html::Html& content, Instant now, bool is_start);

}  // namespace thimble::page
