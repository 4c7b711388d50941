// SPDX-License-Identifier: Apache-2.0
//
// What changed: versions of collateral that came, and how they differ, in words. Items that changed alike are one entry.
#include <algorithm>

#include "service/page/sections.h"
#include "service/page/words.h"
#include "tcb/base/text.h"

namespace thimble::page {
namespace {

using html::El, html::Html;

constexpr size_t kEntriesAtOnce = 8, kMostEntries = 60, kLinesAtOnce = 6, kMostItems = 12;

struct Entry {
  Instant at{};
  std::vector<CollateralKey> keys;
  const std::vector<std::string>* lines = nullptr;
};

std::vector<Entry> Grouped(const std::vector<RecentChange>& changes) {
  std::vector<Entry> out;
  for (const RecentChange& change : changes) {
    const auto alike =
        std::ranges::find_if(out, [&](const Entry& entry) { return *entry.lines == change.lines; });
    if (alike != out.end())
      alike->keys.push_back(change.key);
    else
      out.push_back({change.at, {change.key}, &change.lines});
  }
  return out;
}

Html Items(const Entry& entry, Ids ids) {
  Html out;
  for (size_t i = 0; i < entry.keys.size() && i < kMostItems; ++i) {
    const std::string title = ItemTitle(entry.keys[i], ids);
    out.Add(El("li", {}, title, " ",
               JsonLink(html::Link("/v1/history").With("key", KeyName(entry.keys[i])),
                        StrCat("the history of ", title))));
  }
  if (entry.keys.size() > kMostItems) out.Add(El("li", {}, "and ", entry.keys.size() - kMostItems, " more"));
  return El("ul", {{"class", "items"}}, out);
}

Html Lines(const std::vector<std::string>& lines) {
  Html first, more;
  for (size_t i = 0; i < lines.size(); ++i) (i < kLinesAtOnce ? first : more).Add(El("li", {}, lines[i]));
  Html out = El("ul", {{"class", "lines"}}, first);
  if (!more.empty()) {
    out.Add(El("details", {}, El("summary", {}, StrCat(lines.size() - kLinesAtOnce, " more")),
               El("ul", {{"class", "lines"}}, more)));
  }
  return out;
}

}  // namespace

Html ChangesSection(const View& view) {
  Html entries, more;
  const std::vector<Entry> grouped = Grouped(view.changes.changes);
  for (size_t i = 0; i < grouped.size() && i < kMostEntries; ++i) {
    const Entry& entry = grouped[i];
    (i < kEntriesAtOnce ? entries : more)
        .Add(El("li", {},
                El("p", {{"class", "when"}}, Moment(entry.at, view.now), El("small", {}, Date(entry.at))),
                El("div", {}, Items(entry, view.ids), Lines(*entry.lines))));
  }
  Html content = entries.empty() ? El("p", {{"class", "empty"}}, "Nothing changed in the last 7 days.")
                                 : El("ol", {{"class", "changes"}}, entries);
  if (!more.empty())
    content.Add(El("details", {}, El("summary", {}, "Before that"), El("ol", {{"class", "changes"}}, more)));
  const std::string anew = Counted(view.changes.signed_anew, "version was", "versions were");
  return Section(
      "changes", "What changed",
      Html().Add("In the last 7 days, the newest first. ",
                 view.changes.signed_anew == 0 ? std::string()
                                               : StrCat(anew, " signed anew without another content.")),
      content);
}

}  // namespace thimble::page
