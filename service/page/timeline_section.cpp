// SPDX-License-Identifier: Apache-2.0
//
// Validity windows on one scale, from ten days ago to a month ahead, with now, next refresh and end. Positions are
// percentages, so that nothing is distorted at any width.
#include <algorithm>

#include "cache/cached_item.h"
#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

constexpr Seconds kDay{86400}, kBefore = 10 * kDay, kAfter = 33 * kDay;
constexpr size_t kRowsAtOnce = 12, kMostRows = 300;

// In tenths of a percent of the width; where the scale ends, for what lies beyond.
int64_t Place(Instant at, Instant now) {
  const Instant from = now - kBefore, to = now + kAfter;
  return (std::clamp(at, from, to) - from).count() * 1000 / (to - from).count();
}
std::string Percent(int64_t tenths) { return StrCat(tenths / 10, ".", tenths % 10, "%"); }

Html Bar(std::string_view kind, int64_t from, int64_t to) {
  return El("rect", {{"class", kind},
                     {"x", Percent(from)},
                     {"width", Percent(std::max<int64_t>(to - from, 0))},
                     {"y", 5},
                     {"height", 8}});
}
Html Upright(std::string_view kind, int64_t at, int64_t top, int64_t bottom) {
  return El("line", {{"class", kind}, {"x1", Percent(at)}, {"x2", Percent(at)}, {"y1", top}, {"y2", bottom}});
}

Tone ToneOf(const CacheStatus& item) {
  if (item.freshness == Freshness::kStale) return Tone::kBad;
  if (!item.last_error.empty()) return Tone::kWarning;
  return item.freshness == Freshness::kRefreshDue ? Tone::kNotice : Tone::kGood;
}

std::string_view WordFor(const CacheStatus& item) {
  if (item.freshness == Freshness::kStale) return "stale";
  if (!item.last_error.empty()) return "refresh failed";
  return item.freshness == Freshness::kRefreshDue ? "refresh due" : "fresh";
}

Html Picture(const CacheStatus& item, Instant now) {
  const int64_t begin = Place(item.issued, now), end = Place(item.next_update, now), at = Place(now, now);
  const bool beyond = item.next_update > now + kAfter;
  const std::string said =
      StrCat("Valid from ", FormatRfc3339(item.issued), " to ", FormatRfc3339(item.next_update),
             ", next refresh ", FormatRfc3339(item.next_refresh));
  Html svg = El("title", {}, said);
  svg.Add(Bar("track", 0, 1000), Bar("past", begin, std::min(at, end)));
  svg.Add(Bar(StrCat("left ", ToneClass(ToneOf(item))), std::max(at, begin), end));
  if (!beyond) svg.Add(Upright(StrCat("end ", ToneClass(ToneOf(item))), end, 1, 17));
  svg.Add(Upright("now", at, 0, 18));
  if (item.next_refresh <= now + kAfter) {
    svg.Add(El("circle", {{"class", "refresh"},
                          {"cx", Percent(Place(std::max(item.next_refresh, now), now))},
                          {"cy", 9},
                          {"r", 4}}));
  }
  return El("svg",
            {{"class", "window"}, {"role", "img"}, {"aria-label", said}, {"height", 18}, {"width", "100%"}},
            svg);
}

Html Row(const CacheStatus& item, const View& view) {
  const std::string title = ItemTitle(item.key, view.ids);
  Html error;
  if (!item.last_error.empty()) error = El("span", {{"class", "error"}}, item.last_error);
  return El("li", {}, El("span", {{"class", "name"}}, title), Chip(ToneOf(item), WordFor(item)),
            El("span", {{"class", "ends"}}, item.next_update > view.now ? "ends " : "ended ",
               Moment(item.next_update, view.now)),
            Picture(item, view.now),
            JsonLink(html::Link("/v1/history").With("key", KeyName(item.key)), title), error);
}

Html Axis() {
  Html svg;
  for (int64_t week = -1; week <= 4; ++week) {
    const int64_t at = (kBefore + week * 7 * kDay).count() * 1000 / (kBefore + kAfter).count();
    svg.Add(El(
        "text",
        {{"x", Percent(at)}, {"y", 11}, {"text-anchor", "middle"}, {"class", week == 0 ? "now" : "week"}},
        week == 0 ? std::string("now") : StrCat(week < 0 ? "\u2212" : "+", week < 0 ? -week : week, " wk")));
  }
  return El("div", {{"class", "axis"}, {"aria-hidden", "true"}},
            El("svg", {{"height", 14}, {"width", "100%"}}, svg));
}

Html Legend() {
  const auto mark = [](const Html& drawing) {
    return El("svg", {{"width", 18}, {"height", 18}, {"aria-hidden", "true"}}, drawing);
  };
  return El("p", {{"class", "legend"}},
            mark(El("line", {{"class", "now"}, {"x1", 9}, {"x2", 9}, {"y1", 0}, {"y2", 18}})), "now ",
            mark(El("circle", {{"class", "refresh"}, {"cx", 9}, {"cy", 9}, {"r", 4}})), "next refresh ",
            mark(El("line", {{"class", "end good"}, {"x1", 9}, {"x2", 9}, {"y1", 1}, {"y2", 17}})),
            "end of validity; a bar that reaches the edge goes on");
}

}  // namespace

Html TimelineSection(const View& view) {
  std::vector<CacheStatus> items = view.status.items;
  std::erase_if(items, [](const CacheStatus& item) { return IsPlatformItem(KindOf(item.key)); });
  std::ranges::stable_sort(items, {}, [&](const CacheStatus& item) {
    return std::pair(item.freshness != Freshness::kStale && item.last_error.empty(), item.next_update);
  });
  Html rows, more;
  for (size_t i = 0; i < items.size() && i < kMostRows; ++i)
    (i < kRowsAtOnce ? rows : more).Add(Row(items[i], view));
  Html content = Html().Add(Axis(), El("ol", {{"class", "timeline"}}, rows));
  if (!more.empty()) {
    content.Add(
        El("details", {},
           El("summary", {},
              StrCat(Counted(items.size() - kRowsAtOnce, "item that ends", "items that end"), " later")),
           El("ol", {{"class", "timeline"}}, more)));
  }
  if (items.empty())
    content = El("p", {{"class", "empty"}},
                 "No collateral is held yet. It is fetched when a client first asks for it.");
  return Section("validity", "Validity windows",
                 Html().Add(Counted(items.size(), "item", "items"),
                            " that platforms share; what failed or is stale first, then what ends first. ",
                            JsonLink("/v1/status", "every item")),
                 items.empty() ? content : Html().Add(content, Legend()));
}

}  // namespace thimble::page
