// SPDX-License-Identifier: Apache-2.0
//
// A line of the journal of registrations: what the entries of one platform are from now on.
//
//   <SHA-256 of the rest of the line, hex> TAB <generation>.<number> { TAB <name> TAB <value, JSON; "-": removed> }
//
// Lines are numbered from 1 in each generation of the file, so that those that are missing are counted. A digest a line
// rather than a chain of digests: one damaged line must not make those after it unprovable.
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cache/store.h"

namespace thimble {

// A place in the journal, "3.17".
struct JournalMark {
  uint64_t generation = 0, number = 0;
  auto operator<=>(const JournalMark&) const = default;
  std::string ToString() const;
  static std::optional<JournalMark> Parse(std::string_view text);
};

struct JournalLine {
  JournalMark mark;
  std::vector<Store::Write> changes;
};

std::string EncodeJournalLine(const JournalLine& line);  // with its line feed
// Without the line feed; nullopt when it is not as it was written.
std::optional<JournalLine> DecodeJournalLine(std::string_view text);

// "QEID/0000" in the name of an entry; empty when the entry is no registration.
std::string_view PlatformIn(std::string_view name);

}  // namespace thimble
