// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cmath>

#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

Html State(const UpstreamLine& line) {
  if (line.left_out) return Chip(Tone::kBad, "left out for a while");
  if (line.answered + line.failed + line.refused == 0) return Chip(Tone::kQuiet, "not asked yet");
  if (line.refused != 0) return Chip(Tone::kWarning, "answers were refused");
  return line.failed == 0 ? Chip(Tone::kGood, "answers") : Chip(Tone::kWarning, "calls failed");
}

// The share of calls that were answered, as a bar.
Html Share(const UpstreamLine& line) {
  const uint64_t all = line.answered + line.failed + line.refused;
  if (all == 0) return {};
  const auto good = static_cast<int64_t>(line.answered * 1000 / all);
  return El(
      "svg", {{"class", "share"}, {"width", "100%"}, {"height", 8}, {"aria-hidden", "true"}},
      El("rect", {{"class", "bad"}, {"width", "100%"}, {"height", 8}}),
      El("rect", {{"class", "good"}, {"width", StrCat(good / 10, ".", good % 10, "%")}, {"height", 8}}));
}

const UpstreamLag* LagOf(const View& view, const std::string& url) {
  const auto lag = std::ranges::find(view.status.lags, url, &UpstreamLag::upstream);
  return lag != view.status.lags.end() ? &*lag : nullptr;
}

Html Row(const UpstreamLine& line, const View& view) {
  const uint64_t all = line.answered + line.failed + line.refused;
  const UpstreamLag* const lag = LagOf(view, line.url);
  const auto took =
      all == 0 ? 0 : static_cast<int64_t>(std::llround(line.seconds * 1000 / static_cast<double>(all)));
  return El(
      "tr", {}, El("th", {{"scope", "row"}}, line.vendor, El("small", {{"class", "mono"}}, line.url)),
      El("td", {}, State(line)), El("td", {{"class", "drawing"}}, Share(line)),
      El("td", {{"class", "number"}}, Grouped(line.answered)),
      El("td", {{"class", "number"}}, Grouped(line.failed)),
      El("td", {{"class", "number"}}, Grouped(line.refused)),
      El("td", {{"class", "number"}}, all == 0 ? std::string("\u2013") : StrCat(took, " ms")),
      El("td", {}, lag == nullptr ? std::string("not known to be") : StrCat(Span(lag->behind), " behind")));
}

Html Refusals(const View& view) {
  if (view.status.refusals.empty()) return {};
  Html rows;
  for (const auto& [cause, count] : view.status.refusals)
    rows.Add(El("tr", {}, El("th", {{"scope", "row"}, {"class", "mono"}}, cause),
                El("td", {{"class", "number"}}, Grouped(count))));
  return Html().Add(El("h3", {}, "Why clients got nothing"),
                    El("table", {{"class", "narrow"}},
                       El("thead", {},
                          El("tr", {}, El("th", {{"scope", "col"}}, "Cause"),
                             El("th", {{"scope", "col"}, {"class", "number"}}, "Requests"))),
                       El("tbody", {}, rows)));
}

}  // namespace

Html UpstreamsSection(const View& view) {
  Html rows;
  for (const UpstreamLine& line : view.upstreams) rows.Add(Row(line, view));
  const auto head = [](std::string_view kind, std::string_view text) {
    return El("th", {{"scope", "col"}, {"class", kind}}, text);
  };
  const Html table = El("table", {{"class", "upstreams"}},
                        El("thead", {},
                           El("tr", {}, head("", "Upstream"), head("", "State"), head("", "Share answered"),
                              head("number", "Answered"), head("number", "Failed"), head("number", "Refused"),
                              head("number", "Mean"), head("", "Behind?"))),
                        El("tbody", {}, rows));
  return Section("upstreams", "Upstreams",
                 Html().Add("In the order in which they are asked; calls since the start of the server. ",
                            JsonLink("/v1/status", "lags and refusals")),
                 rows.empty() ? El("p", {{"class", "empty"}}, "None is configured.")
                              : Html().Add(El("div",
                                              {{"class", "wide"},
                                               {"tabindex", 0},
                                               {"role", "region"},
                                               {"aria-label", "Calls of upstreams"}},
                                              table),
                                           Refusals(view)));
}

}  // namespace thimble::page
