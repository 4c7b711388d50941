// SPDX-License-Identifier: Apache-2.0
//
// Reading the parts that floor documents and overlays share. Every error is kMalformed (policy.format). Internal to
// tcb/amd.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tcb/amd/floor_document.h"
#include "tcb/base/json.h"

namespace thimble::amd {

Error BadFloors(std::string message);
// The same error, and where it was found.
template <class T>
Result<T> At(std::string_view where, Result<T> result) {
  if (result.ok()) return result;
  return BadFloors(std::string(where) + ": " + result.error().message);
}
Status At(std::string_view where, const Status& status);

Result<std::string> GetText(const json::Value& object, std::string_view key);  // not empty
Result<Instant> GetDay(const json::Value& object, std::string_view key);  // "2026-11-30": its first second
// "2026-11-30", or "2024" where only the year is known: the first day of it.
Result<Instant> GetDayOrYear(const json::Value& object, std::string_view key);
Result<uint32_t> GetNumber(const json::Value& object, std::string_view key, uint32_t least);
Result<std::vector<std::string>> GetTexts(const json::Value& object, std::string_view key);
// A list of bit numbers, each once, as a mask.
Result<uint64_t> ReadBits(const json::Value& list);

// The members of `part` that are minimums, for a line of this product. `exact`: of one model and one stepping, where
// microcode can be compared. Members that are none are left to the caller.
struct LineShape {
  Product product{};
  bool exact = false;
};
Result<std::vector<FloorRequirement>> ReadMinimums(const json::Value& part, const LineShape& line);

// Adds to what a cell asks; a field that is asked twice is an error.
Status AddMinimums(std::vector<FloorRequirement>& to, std::vector<FloorRequirement> more);

}  // namespace thimble::amd
