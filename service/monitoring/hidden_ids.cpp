// SPDX-License-Identifier: Apache-2.0
#include "service/monitoring/hidden_ids.h"

#include <algorithm>

#include "cache/cached_item.h"

namespace thimble {
namespace {

constexpr size_t kShortestId = 16;

bool IsHexDigit(char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); }

void Hide(std::string& text) { text = WithoutIds(text); }

}  // namespace

std::string WithoutIds(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto end = std::ranges::find_if_not(text, IsHexDigit);
    const auto run = static_cast<size_t>(end - text.begin());
    out += run >= kShortestId ? std::string_view("...") : text.substr(0, run);
    text.remove_prefix(run);
    if (text.empty()) break;
    out += text.front();
    text.remove_prefix(1);
  }
  return out;
}

void HideIds(StatusReport& report) {
  std::erase_if(report.items, [](const CacheStatus& item) { return IsPlatformItem(KindOf(item.key)); });
  for (CacheStatus& item : report.items) Hide(item.last_error);
  for (std::string& damage : report.damage) Hide(damage);
  for (RefusedRequests::Line& line : report.last_refusals) Hide(line.request);
  std::erase_if(report.lags, [](const UpstreamLag& lag) { return lag.item != WithoutIds(lag.item); });
  if (!report.summary) return;
  for (Summary::Degraded& degraded : report.summary->degraded) Hide(degraded.why);
  for (Summary::Upstream& upstream : report.summary->upstreams) {
    Hide(upstream.last_error);
    Hide(upstream.behind_item);
  }
  for (std::string& damage : report.summary->damage) Hide(damage);
  if (report.summary->worst) Hide(report.summary->worst->last_error);
}

}  // namespace thimble
