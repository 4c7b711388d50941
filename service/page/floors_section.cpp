// SPDX-License-Identifier: Apache-2.0
//
// AMD's platforms on a scale for each component: the floor is a line, and what stands left of it is short.
#include <algorithm>

#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

constexpr int64_t kWidth = 240, kMargin = 16;

struct Range {
  uint64_t low, high;

  int64_t Place(uint64_t svn) const {
    return kMargin +
           static_cast<int64_t>((svn - low) * static_cast<uint64_t>(kWidth - 2 * kMargin) / (high - low));
  }
};

Range RangeOf(const FloorScale& scale) {
  uint64_t low = scale.need == 0 ? UINT64_MAX : scale.need, high = scale.need;
  for (const auto& [svn, sightings] : scale.seen) {
    low = std::min(low, svn);
    high = std::max(high, svn);
  }
  if (low > high) low = high;
  return {low == 0 ? 0 : low - 1, high + 1};
}

Html Drawing(const FloorScale& scale) {
  const Range range = RangeOf(scale);
  Html svg = El("line", {{"class", "scale"}, {"x1", 0}, {"x2", kWidth}, {"y1", 26}, {"y2", 26}});
  if (scale.need != 0) {
    const int64_t at = range.Place(scale.need);
    svg.Add(El("rect", {{"class", "met"}, {"x", at}, {"y", 24}, {"width", kWidth - at}, {"height", 4}}),
            El("line", {{"class", "floor"}, {"x1", at}, {"x2", at}, {"y1", 4}, {"y2", 30}}));
  }
  for (const auto& [svn, sightings] : scale.seen) {
    const int64_t at = range.Place(svn);
    svg.Add(El("rect", {{"class", svn < scale.need ? "platform short" : "platform"},
                        {"x", at - 5},
                        {"y", 10},
                        {"width", 10},
                        {"height", 14},
                        {"rx", 1}}),
            El("text", {{"x", at}, {"y", 43}, {"text-anchor", "middle"}}, svn));
  }
  return El("svg", {{"class", "floors"}, {"width", kWidth}, {"height", 46}, {"aria-hidden", "true"}}, svg);
}

Html Row(const FloorScale& scale) {
  Html seen;
  bool first = true;
  for (const auto& [svn, sightings] : scale.seen) {
    seen.Add(first ? "" : ", ",
             svn < scale.need ? El("b", {{"class", "short"}}, svn, " short") : El("span", {}, svn),
             " \u00d7\u2009", Grouped(sightings));
    first = false;
  }
  return El("tr", {}, El("th", {{"scope", "row"}}, scale.component),
            El("td", {},
               scale.need == 0 ? Html().Add("nothing asked")
                               : Html().Add(El("b", {}, scale.need), El("small", {}, scale.bulletin))),
            El("td", {{"class", "drawing"}}, Drawing(scale)), El("td", {}, seen));
}

Tone ToneOfName(std::string_view status) {
  if (status == TcbStatusName(TcbStatus::kUpToDate)) return Tone::kGood;
  return status == "no status" ? Tone::kQuiet : status.starts_with("OutOfDate") ? Tone::kBad : Tone::kWarning;
}

Html LineFigure(const LineScales& line) {
  Html rows, statuses;
  for (const FloorScale& scale : line.scales) rows.Add(Row(scale));
  for (const auto& [status, sightings] : line.by_status)
    statuses.Add(" ", Chip(ToneOfName(status), status), " ", Grouped(sightings));
  return El(
      "figure", {}, El("figcaption", {}, El("b", {}, line.line), statuses),
      El("div",
         {{"class", "wide"},
          {"tabindex", 0},
          {"role", "region"},
          {"aria-label", StrCat("Floors of ", line.line)}},
         El("table", {{"class", "scales"}},
            El("thead", {},
               El("tr", {}, El("th", {{"scope", "col"}}, "Component"), El("th", {{"scope", "col"}}, "Floor"),
                  El("th", {{"scope", "col"}}, "Platforms"), El("th", {{"scope", "col"}}, "Seen"))),
            El("tbody", {}, rows))));
}

}  // namespace

Html FloorsSection(const View& view) {
  Html content;
  for (const LineScales& line : view.floors) content.Add(LineFigure(line));
  if (content.empty())
    content = El("p", {{"class", "empty"}}, "No SEV-SNP platform was seen yet.");
  else
    content = El("div", {{"class", "ladders"}}, content);
  Html lead = Html().Add("AMD publishes no signed status: floors are local policy. ");
  if (view.floors_title.empty())
    lead.Add("None are in force.");
  else
    lead.Add("By ", view.floors_title, ", to be looked over by ",
             FormatRfc3339(view.floors_stale_after).substr(0, 10), ". ",
             JsonLink("/v1/floors", "the floors"));
  return Section("floors", "Floors of SEV-SNP", lead, content);
}

}  // namespace thimble::page
