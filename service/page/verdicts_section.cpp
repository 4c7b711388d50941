// SPDX-License-Identifier: Apache-2.0
//
// The verdicts of the last day: accepted above the line, rejected below it, an hour a column; and by status as a table.
#include <algorithm>

#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

constexpr int64_t kHalf = 56;

std::string Percent(int64_t tenths) { return StrCat(tenths / 10, ".", tenths % 10, "%"); }

int64_t HeightOf(uint64_t number, uint64_t most) {
  if (number == 0) return 0;
  return std::max<int64_t>(2, static_cast<int64_t>(number * static_cast<uint64_t>(kHalf - 8) / most));
}

Html Picture(const VerdictDay& day) {
  uint64_t most = 1;
  for (const VerdictNumbers& hour : day.hours)
    most = std::max({most, hour.accepted, hour.rejected + hour.unavailable});
  const std::string said =
      StrCat("Verdicts by hour since ", FormatRfc3339(day.begin), ": ", day.total.accepted, " accepted, ",
             day.total.rejected, " rejected, ", day.total.unavailable, " without a verdict. At most ", most,
             " in an hour.");
  Html svg = El("title", {}, said);
  for (size_t i = 0; i < day.hours.size(); ++i) {
    const VerdictNumbers& hour = day.hours.at(i);
    const auto x = static_cast<int64_t>(i) * 1000 / 24 + 5;
    const int64_t up = HeightOf(hour.accepted, most), down = HeightOf(hour.rejected, most),
                  none = HeightOf(hour.unavailable, most);
    const auto bar = [&](std::string_view kind, int64_t y, int64_t height) {
      return height == 0
                 ? Html()
                 : El("rect",
                      {{"class", kind}, {"x", Percent(x)}, {"width", "3.2%"}, {"y", y}, {"height", height}});
    };
    svg.Add(bar("accepted", kHalf - up, up), bar("rejected", kHalf + 1, down),
            bar("unavailable", kHalf + 1 + down, none));
  }
  svg.Add(El("line", {{"class", "scale"}, {"x1", "0"}, {"x2", "100%"}, {"y1", kHalf}, {"y2", kHalf}}));
  for (int64_t hours : {0, 6, 12, 18}) {
    const std::string time = FormatRfc3339(day.begin + std::chrono::hours(hours)).substr(11, 5);
    svg.Add(El("text", {{"x", Percent(hours * 1000 / 24 + 5)}, {"y", 2 * kHalf + 12}}, time));
  }
  return El("svg",
            {{"class", "hours"},
             {"role", "img"},
             {"aria-label", said},
             {"width", "100%"},
             {"height", 2 * kHalf + 16}},
            svg);
}

Tone ToneOfName(std::string_view status, const VerdictNumbers& numbers) {
  if (status == TcbStatusName(TcbStatus::kUpToDate)) return Tone::kGood;
  if (numbers.unavailable != 0) return Tone::kQuiet;
  return numbers.accepted == 0 ? Tone::kBad : Tone::kWarning;
}

std::string TeeText(const std::string& tee) {
  if (tee == "sgx") return "SGX";
  return tee == "tdx" ? "TDX" : tee == "snp" ? "SEV-SNP" : "\u2013";
}

Html Table(const VerdictDay& day) {
  std::vector<std::pair<std::pair<std::string, std::string>, VerdictNumbers>> rows(day.by_status.begin(),
                                                                                   day.by_status.end());
  std::ranges::stable_sort(rows, std::greater<>(), [](const auto& row) { return row.second.all(); });
  Html body;
  for (const auto& [kind, numbers] : rows) {
    body.Add(
        El("tr", {}, El("th", {{"scope", "row"}}, TeeText(kind.first)),
           El("td", {},
              Chip(ToneOfName(kind.second, numbers), numbers.unavailable != 0 ? "no verdict" : kind.second)),
           El("td", {{"class", "number"}}, Grouped(numbers.accepted)),
           El("td", {{"class", "number"}}, Grouped(numbers.rejected)),
           El("td", {{"class", "number"}}, Grouped(numbers.unavailable))));
  }
  const auto head = [](std::string_view kind, std::string_view text) {
    return El("th", {{"scope", "col"}, {"class", kind}}, text);
  };
  return El("table", {},
            El("thead", {},
               El("tr", {}, head("", "TEE"), head("", "Status"), head("number", "Accepted"),
                  head("number", "Rejected"), head("number", "None"))),
            El("tbody", {}, body));
}

}  // namespace

Html VerdictsSection(const View& view) {
  Html content;
  if (view.verdicts.total.all() == 0)
    content =
        El("p", {{"class", "empty"}}, "No evidence was verified in the last 24 hours, or since the start.");
  else
    content =
        El("div", {{"class", "two"}},
           El("div", {}, Picture(view.verdicts),
              El("p", {{"class", "legend"}},
                 "Above the line: accepted. Below: rejected; hollow: no verdict, since collateral was "
                 "missing.")),
           El("div",
              {{"class", "wide"}, {"tabindex", 0}, {"role", "region"}, {"aria-label", "Verdicts by status"}},
              Table(view.verdicts)));
  return Section("verdicts", "Verdicts of the last day",
                 Html().Add("Since the start of the server, if that was later; the audit trail has all. ",
                            JsonLink("/metrics", "all counters")),
                 content);
}

}  // namespace thimble::page
