// SPDX-License-Identifier: Apache-2.0
//
// The small words of the page: items, times and states as people read them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "service/monitoring/status_report.h"
#include "service/page/html.h"
#include "tcb/base/time.h"
#include "tcb/collateral_key.h"
#include "tcb/verdict.h"

namespace thimble::page {

// "TDX TCB info 00806F050000, standard".
std::string ItemTitle(const CollateralKey& key, Ids ids);
std::string SelectorText(const Selector& selector);  // "standard", "early", "set 17"

// "6 d 4 h", "3 h 10 min", "40 s".
std::string Span(Seconds span);
std::string InOrAgo(Instant at, Instant now);  // "in 6 d 4 h", "3 h ago"
html::Html Moment(Instant at, Instant now);    // the same, with the date for whoever points at it
html::Html Date(Instant at);                   // "2026-11-30 19:20 UTC"
std::string Counted(uint64_t number, std::string_view one, std::string_view many);  // "1 item", "1,204 items"
std::string Grouped(uint64_t number);                                               // "1,204"

// What is said in colour is said by a sign and a word as well.
enum class Tone : uint8_t { kGood, kNotice, kWarning, kBad, kQuiet };
std::string_view ToneClass(Tone tone);
Tone ToneOf(TcbStatus status);
html::Html Chip(Tone tone, std::string_view word);

// A heading with an anchor, a sentence below it, and the content.
html::Html Section(std::string_view anchor, std::string_view title, const html::Html& lead,
                   const html::Html& content);
html::Html JsonLink(html::Path path, std::string_view of);
html::Html JsonLink(const html::Link& link,
                    std::string_view of);  // "JSON", "JSON of ..." for those who hear it

}  // namespace thimble::page
