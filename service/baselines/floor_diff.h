// SPDX-License-Identifier: Apache-2.0
//
// What differs between two floor documents, in words: by which bulletin which CPU line is asked for what else.
#pragma once

#include <string>
#include <vector>

#include "service/support/terminal.h"
#include "tcb/amd/floor_document.h"

namespace thimble {

// For a report: what it met before may not be enough, or the reverse.
enum class FloorMove : uint8_t {
  kStricter,  // asks for more
  kLaxer,     // asks for less
  kMixed,     // of one thing more, of another less
  kGrounds,   // the same, by other grades, reasons or PI names
};
std::string_view FloorMoveName(FloorMove move);  // "stricter", "laxer", "mixed", "grounds"

struct FloorDifference {
  std::string bulletin, cpu;  // either may be empty: of the document, or of all lines
  FloorMove move = FloorMove::kGrounds;
  std::string before, after;  // for people; empty: was not there
};

// In the order of the documents: the head, lines, bulletins, cells, levels. Empty: they judge alike.
std::vector<FloorDifference> FloorDifferences(const amd::FloorDocument& before,
                                              const amd::FloorDocument& after);

Lines FloorDiffText(const amd::FloorDocument& before, const amd::FloorDocument& after);
std::string FloorDiffJson(const amd::FloorDocument& before, const amd::FloorDocument& after);

}  // namespace thimble
