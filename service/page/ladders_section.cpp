// SPDX-License-Identifier: Apache-2.0
//
// TCB levels as a ladder, our platforms standing on their rungs: one column a set of evaluation data.
#include <algorithm>

#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

constexpr size_t kLaddersAtOnce = 2, kMostNamed = 60, kMostFigures = 6;

std::string_view TeeText(IntelTee tee) { return tee == IntelTee::kSgx ? "SGX" : "TDX"; }

// "7.9.3.3": without the zeros at the end.
std::string Svns(const intel::TcbComponents& components) {
  size_t used = components.size();
  while (used > 0 && components.at(used - 1) == 0) --used;
  std::string out;
  for (size_t i = 0; i < used; ++i) out += StrCat(i == 0 ? "" : ".", components.at(i));
  return out.empty() ? "0" : out;
}

// A rung between two rails; what stands on it are the kinds of platforms, a figure each.
Html Drawing(const TcbLadder::Place* place) {
  Html svg = Html().Add(El("line", {{"class", "rail"}, {"x1", 4}, {"x2", 4}, {"y1", 0}, {"y2", 34}}),
                        El("line", {{"class", "rail"}, {"x1", 96}, {"x2", 96}, {"y1", 0}, {"y2", 34}}));
  if (place != nullptr) {
    svg.Add(El("line", {{"class", StrCat("rung ", ToneClass(ToneOf(place->status)))},
                        {"x1", 4},
                        {"x2", 96},
                        {"y1", 26},
                        {"y2", 26}}));
    const auto figures = static_cast<int64_t>(std::min<uint64_t>(place->kinds, kMostFigures));
    for (int64_t i = 0; i < figures; ++i) {
      const int64_t x = 50 - figures * 7 + i * 14;
      svg.Add(El("rect",
                 {{"class", "platform"}, {"x", x + 2}, {"y", 10}, {"width", 10}, {"height", 14}, {"rx", 1}}),
              El("line", {{"class", "slot"}, {"x1", x + 4}, {"x2", x + 10}, {"y1", 14}, {"y2", 14}}),
              El("line", {{"class", "slot"}, {"x1", x + 4}, {"x2", x + 10}, {"y1", 18}, {"y2", 18}}));
    }
  }
  return El("svg", {{"class", "ladder"}, {"width", 100}, {"height", 34}, {"aria-hidden", "true"}}, svg);
}

Html Standing(uint64_t sightings, uint64_t kinds) {
  if (sightings == 0) return {};
  return El("span", {{"class", "standing"}}, El("b", {}, Grouped(sightings)), " seen",
            kinds > 1 ? StrCat(", ", kinds, " kinds") : std::string());
}

Html Cell(const TcbLadder::Place& place) {
  if (!place.listed)
    return El("td", {{"class", "absent"}}, Drawing(nullptr),
              El("span", {{"class", "words"}}, "not a level of this set"));
  const std::string advisories =
      place.advisories.empty() ? "" : Counted(place.advisories.size(), "advisory", "advisories");
  std::string all;
  for (const std::string& advisory : place.advisories) all += StrCat(all.empty() ? "" : ", ", advisory);
  return El("td", {}, Drawing(&place),
            El("span", {{"class", "words"}}, Chip(ToneOf(place.status), TcbStatusName(place.status)),
               Standing(place.sightings, place.kinds),
               all.empty() ? Html() : El("small", {{"title", all}}, advisories)));
}

Html Row(const TcbLadder::Rung& rung, IntelTee tee) {
  Html cells;
  for (const TcbLadder::Place& place : rung.places) cells.Add(Cell(place));
  return El("tr", {},
            El("th", {{"scope", "row"}}, FormatRfc3339(rung.date).substr(0, 10),
               El("small", {{"class", "mono"}}, "PCE ", static_cast<uint16_t>(rung.pce_svn)),
               El("small", {{"class", "mono"}}, "SGX ", Svns(rung.sgx)),
               tee == IntelTee::kTdx ? El("small", {{"class", "mono"}}, "TDX ", Svns(rung.tdx)) : Html()),
            cells);
}

Html Below(const TcbLadder& ladder) {
  if (std::ranges::all_of(ladder.sets, [](const TcbLadder::Set& set) { return set.below == 0; })) return {};
  Html cells;
  for (const TcbLadder::Set& set : ladder.sets) {
    cells.Add(El("td", {{"class", "absent"}},
                 set.below == 0 ? Html() : Html().Add(Chip(Tone::kBad, "no level"), Standing(set.below, 1))));
  }
  return El("tr", {}, El("th", {{"scope", "row"}}, "Below every level"), cells);
}

Html Heads(const TcbLadder& ladder) {
  Html heads = El("th", {{"scope", "col"}}, "TCB level");
  for (const TcbLadder::Set& set : ladder.sets) {
    std::string words;
    for (const Selector& selector : set.selectors) {
      if (selector.kind != Selector::Kind::kNumber)
        words += StrCat(words.empty() ? "" : ", ", selector.ToString());
    }
    heads.Add(
        El("th", {{"scope", "col"}}, "Set ", set.number, words.empty() ? Html() : El("small", {}, words)));
  }
  return heads;
}

Html LadderFigure(const TcbLadder& ladder) {
  const std::string fmspc = ladder.fmspc.hex();
  const std::string title = StrCat(TeeText(ladder.tee), " ", fmspc);
  const html::Link json = (ladder.tee == IntelTee::kSgx ? html::Link("/sgx/certification/v4/tcb")
                                                        : html::Link("/tdx/certification/v4/tcb"))
                              .With("fmspc", fmspc);
  Html rows;
  for (const TcbLadder::Rung& rung : ladder.rungs) rows.Add(Row(rung, ladder.tee));
  const Html table =
      El("table", {}, El("thead", {}, El("tr", {}, Heads(ladder))), El("tbody", {}, rows, Below(ladder)));
  return El(
      "figure", {},
      El("figcaption", {}, El("b", {}, TeeText(ladder.tee), " ", El("span", {{"class", "mono"}}, fmspc)), " ",
         ladder.sightings == 0 ? std::string("no platform seen")
                               : StrCat(Counted(ladder.sightings, "sighting", "sightings"), " of ",
                                        Counted(ladder.kinds, "TCB", "TCBs")),
         " ", JsonLink(json, StrCat("the TCB info of ", title))),
      El("div",
         {{"class", "wide"},
          {"tabindex", 0},
          {"role", "region"},
          {"aria-label", StrCat("TCB levels of ", title)}},
         table));
}

Html Others(const std::vector<TcbLadder>& ladders, size_t from) {
  Html list;
  std::string last;
  for (size_t i = from; i < ladders.size() && i < kMostNamed; ++i) {
    const std::string fmspc = ladders[i].fmspc.hex();
    list.Add(El("li", {},
                El("a", {html::Attribute::Href(html::Link("/").With("q", fmspc).At("levels"))},
                   TeeText(ladders[i].tee), " ", El("span", {{"class", "mono"}}, fmspc))));
  }
  return list.empty() ? Html() : Html().Add(El("h3", {}, "Others"), El("ul", {{"class", "inline"}}, list));
}

}  // namespace

Html LaddersSection(const View& view, const std::optional<std::string>& fmspc) {
  Html content;
  size_t shown = 0;
  for (const TcbLadder& ladder : view.ladders) {
    if (!fmspc && shown == kLaddersAtOnce) break;
    content.Add(LadderFigure(ladder));
    ++shown;
  }
  if (shown == 0) {
    content =
        El("p", {{"class", "empty"}},
           fmspc ? StrCat("No TCB info of ", *fmspc, " is held.") : std::string("No TCB info is held yet."));
  }
  content = El("div", {{"class", "ladders"}}, content);
  if (!fmspc) content.Add(Others(view.ladders, shown));
  return Section(
      "levels", "TCB levels",
      Html().Add(
          "Each platform that was seen stands on the level that it matches, the best level on top. Sets of "
          "evaluation data that are held stand side by side."),
      content);
}

}  // namespace thimble::page
