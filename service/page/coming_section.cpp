// SPDX-License-Identifier: Apache-2.0
//
// Evaluation data that is out and not in force: what it would do to the platforms that were seen.
#include "service/page/json_members.h"
#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::page {
namespace {

using html::El, html::Html;
using json::Value;

constexpr size_t kMostRows = 100;

// "UpToDate, accepted" as a chip.
Html Outcome(const Value& row, std::string_view side) {
  const auto outcome = row.Find(side);
  if (!outcome) return {};
  const bool accepted = TextOf(*outcome, "decision") == "accept";
  std::string status = TextOf(*outcome, "status");
  if (status.empty() || status == "none" || status == "null") status = "no status";
  return Html().Add(Chip(accepted ? Tone::kGood : Tone::kBad, accepted ? "accepted" : "rejected"),
                    El("small", {}, status));
}

Html Shortfalls(const Value& row) {
  const auto then = row.Find("then");
  Html out;
  if (then) {
    for (const Value& shortfall : ListOf(*then, "shortfalls")) {
      const std::string update = TextOf(shortfall, "update");
      out.Add(El("li", {}, El("span", {{"class", "mono"}}, TextOf(shortfall, "component")), " has ",
                 TextOf(shortfall, "have"), ", needs ", TextOf(shortfall, "need"),
                 update.empty() ? "" : StrCat(": ", update)));
    }
  }
  return out.empty() ? Html() : El("ul", {{"class", "lines"}}, out);
}

Html Row(const Value& row) {
  const auto platforms = row.Find("platforms");
  if (!platforms) return {};
  const auto tcb = platforms->Find("tcb") ? *platforms->Find("tcb") : *platforms;
  const std::string fmspc = TextOf(tcb, "fmspc");
  return El("tr", {},
            El("th", {{"scope", "row"}}, TextOf(tcb, "tee"), El("small", {{"class", "mono"}}, fmspc)),
            El("td", {{"class", "number"}}, TextOf(*platforms, "count")), El("td", {}, Outcome(row, "now")),
            El("td", {}, Outcome(row, "then")), El("td", {}, Shortfalls(row)));
}

Html Table(const Value& report) {
  Html rows;
  size_t count = 0;
  for (const Value& row : ListOf(report, "changes")) {
    if (count++ < kMostRows) rows.Add(Row(row));
  }
  const std::string refused = TextOf(report, "refused"), admitted = TextOf(report, "admitted"),
                    unchanged = TextOf(report, "unchanged");
  Html out = El("p", {{"class", "big"}}, El("b", {}, refused), " refused, ", El("b", {}, admitted),
                " admitted, ", El("b", {}, unchanged), " as before");
  out.Add(El("p", {{"class", "detail"}},
             "Sightings of platforms; those that cannot be judged count as refused."));
  if (count == 0) return out;
  const auto head = [](std::string_view kind, std::string_view text) {
    return El("th", {{"scope", "col"}, {"class", kind}}, text);
  };
  out.Add(El("div",
             {{"class", "wide"},
              {"tabindex", 0},
              {"role", "region"},
              {"aria-label", "Platforms whose status or decision changes"}},
             El("table", {},
                El("thead", {},
                   El("tr", {}, head("", "Platforms"), head("number", "Seen"), head("", "Now"),
                      head("", "Then"), head("", "Short of"))),
                El("tbody", {}, rows))));
  return out;
}

Html Impact(std::string_view set, std::string_view impact) {
  const auto document = json::Document::Parse(impact, "impact", ErrorKind::kUnavailable,
                                              Check::kUpstreamAnswer, json::kManyValues);
  if (!document) return El("p", {{"class", "note"}}, document.error().message);
  const Value report = (*document)->root();
  if (!report.Find("changes")) {
    return El("p", {{"class", "note bad"}}, Chip(Tone::kBad, "cannot be told"), " ", TextOf(report, "title"),
              ": ", TextOf(report, "detail"));
  }
  return El("div", {{"class", "impact"}, {"id", "impact"}}, El("h3", {}, "What set ", set, " would do"),
            Table(report));
}

Html Coming(const ComingSet& coming, Ids ids) {
  const std::string number = std::to_string(coming.number);
  const Tone tone = coming.refused == 0 ? Tone::kGood : Tone::kWarning;
  const Html which = ids == Ids::kShown
                         ? El("a", {html::Attribute::Href(html::Link("/").With("set", number).At("coming"))},
                              "Which platforms, and what they lack")
                         : El("small", {}, "Which platforms: with the admin role.");
  return El(
      "div", {{"class", StrCat("answer ", ToneClass(tone))}},
      El("h3", {}, coming.tee == IntelTee::kSgx ? "SGX" : "TDX", " set ", number),
      El("p", {{"class", "big"}},
         coming.refused == 0
             ? Html().Add(Chip(Tone::kGood, "refuses nothing"))
             : Chip(Tone::kWarning, StrCat("refuses ", Counted(coming.refused, "sighting", "sightings")))),
      El("p", {{"class", "detail"}}, "Set ", coming.in_force, " is in force. ",
         Counted(coming.kinds, "TCB changes", "TCBs change"), ", ", Grouped(coming.unjudged),
         " cannot be judged. ", which));
}

}  // namespace

Html ComingSection(const View& view, std::string_view set, std::string_view impact) {
  Html cards;
  for (const ComingSet& coming : view.status.coming) cards.Add(Coming(coming, view.ids));
  Html content = cards.empty() ? El("p", {{"class", "empty"}},
                                    "No set of evaluation data is out that is newer than the one in force.")
                               : El("div", {{"class", "answers"}}, cards);
  if (!impact.empty()) content.Add(Impact(set, impact));
  return Section(
      "coming", "Sets to come",
      Html().Add("Evaluation data that Intel has published and the default baseline has not in force. ",
                 JsonLink("/v1/status", "the sets to come"), " ", JsonLink("/v1/baselines", "the baselines")),
      content);
}

}  // namespace thimble::page
