// SPDX-License-Identifier: Apache-2.0
//
// Are we ready, what expires first, what is wrong.
#include <algorithm>

#include "cache/cached_item.h"
#include "service/monitoring/hidden_ids.h"
#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

constexpr size_t kLinesAtOnce = 5;

struct Counts {
  uint64_t fresh = 0, due = 0, stale = 0;
};

Counts CountsOf(const View& view) {
  Counts out;
  for (const CacheStatus& item : view.status.items) {
    if (IsPlatformItem(KindOf(item.key))) continue;
    ++(item.freshness == Freshness::kFresh   ? out.fresh
       : item.freshness == Freshness::kStale ? out.stale
                                             : out.due);
  }
  return out;
}

const CacheStatus* FirstToEnd(const View& view) {
  const CacheStatus* first = nullptr;
  for (const CacheStatus& item : view.status.items) {
    if (!IsPlatformItem(KindOf(item.key)) && (first == nullptr || item.next_update < first->next_update))
      first = &item;
  }
  return first;
}

Html Answer(std::string_view question, Tone tone, const Html& answer, const Html& detail) {
  return El("div", {{"class", StrCat("answer ", ToneClass(tone))}}, El("h2", {}, question),
            El("p", {{"class", "big"}}, answer), El("p", {{"class", "detail"}}, detail));
}

Html Readiness(const View& view) {
  const uint64_t wrong = view.degraded.size();
  if (!view.ready) {
    return Answer("Ready?", Tone::kBad, Chip(Tone::kBad, "Not ready"),
                  Html().Add("The store cannot be read, or no trust anchor is loaded."));
  }
  const Tone tone = wrong == 0 ? Tone::kGood : Tone::kWarning;
  return Answer("Ready?", tone, Chip(tone, wrong == 0 ? "Ready" : "Ready, degraded"),
                Html().Add(wrong == 0 ? std::string("Everything is served and as it should be.")
                                      : StrCat("It serves; ", Counted(wrong, "thing needs", "things need"),
                                               " attention.")));
}

Html FirstEnd(const View& view) {
  const CacheStatus* const first = FirstToEnd(view);
  if (first == nullptr)
    return Answer("What expires first?", Tone::kQuiet, Html().Add("Nothing is held"),
                  Html().Add("No collateral was asked for yet."));
  const Seconds left = first->next_update - view.now;
  const Tone tone = left.count() <= 0           ? Tone::kBad
                    : left < Seconds(3 * 86400) ? Tone::kWarning
                                                : Tone::kQuiet;
  return Answer("What expires first?", tone, Moment(first->next_update, view.now),
                Html().Add(ItemTitle(first->key, view.ids), ". Next refresh ",
                           first->next_refresh <= view.now ? Html().Add("is due")
                                                           : Moment(first->next_refresh, view.now),
                           "."));
}

// An item's name may hold a chip id, and what is wrong what it was asked by.
Html DegradedLine(const View& view, const std::pair<std::string, std::string>& line) {
  const auto key = ParseKeyName(line.first);
  return El("li", {}, El("b", {}, key ? ItemTitle(*key, view.ids) : line.first), ": ",
            view.ids == Ids::kHidden ? WithoutIds(line.second) : line.second);
}

Html Wrong(const View& view) {
  if (view.degraded.empty())
    return Answer("What is wrong?", Tone::kGood, Html().Add("Nothing"),
                  Html().Add("No refresh failed, nothing is stale."));
  Html lines, more;
  for (size_t i = 0; i < view.degraded.size() && i < 500; ++i)
    (i < kLinesAtOnce ? lines : more).Add(DegradedLine(view, view.degraded[i]));
  Html list = El("ul", {}, lines);
  if (!more.empty()) {
    list.Add(El("details", {}, El("summary", {}, StrCat(view.degraded.size() - kLinesAtOnce, " more")),
                El("ul", {}, more)));
  }
  return El("div", {{"class", "answer warning"}}, El("h2", {}, "What is wrong?"),
            El("p", {{"class", "big"}}, Counted(view.degraded.size(), "thing", "things")), list,
            El("p", {{"class", "detail"}}, JsonLink("/readyz", "what is degraded")));
}

Html Fact(std::string_view name, const Html& value) {
  return El("div", {}, El("dt", {}, name), El("dd", {}, value));
}

Html Facts(const View& view) {
  const Counts counts = CountsOf(view);
  Html facts;
  facts.Add(Fact("Collateral", Html().Add(Grouped(counts.fresh), " fresh, ", Grouped(counts.due), " due, ",
                                          Grouped(counts.stale), " stale")));
  facts.Add(Fact("Of single platforms",
                 Html().Add(Counted(view.status.platform_items, "certificate set", "certificate sets"))));
  facts.Add(Fact("Registered", Html().Add(Counted(view.status.registrations, "platform", "platforms"))));
  facts.Add(Fact("Last 24 hours", Html().Add(Grouped(view.verdicts.total.accepted), " accepted, ",
                                             Grouped(view.verdicts.total.rejected), " rejected")));
  facts.Add(Fact("Baseline", El("a", {html::Attribute::Href("/v1/baselines")}, view.baseline)));
  if (!view.floors_title.empty())
    facts.Add(Fact("AMD floors", El("a", {html::Attribute::Href("/v1/floors")}, view.floors_title)));
  return El("dl", {{"class", "facts"}}, facts);
}

}  // namespace

Html OverviewSection(const View& view) {
  return El("section", {{"id", "overview"}, {"aria-label", "Overview"}},
            El("div", {{"class", "answers"}}, Readiness(view), FirstEnd(view), Wrong(view)), Facts(view));
}

}  // namespace thimble::page
