// SPDX-License-Identifier: Apache-2.0
#include "service/support/size_text.h"

#include <array>
#include <charconv>
#include <limits>
#include <utility>

namespace thimble {

std::optional<size_t> ParseSize(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, size_t>, 3> kUnits = {
      {{"KiB", size_t{1} << 10}, {"MiB", size_t{1} << 20}, {"GiB", size_t{1} << 30}}};
  for (const auto& [unit, bytes] : kUnits) {
    if (!text.ends_with(unit)) continue;
    text.remove_suffix(unit.size());
    size_t count = 0;
    const auto parsed = std::from_chars(text.data(), text.data() + text.size(), count);
    const bool whole = !text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size();
    if (!whole || count > std::numeric_limits<size_t>::max() / bytes) return std::nullopt;
    return count * bytes;
  }
  return std::nullopt;
}

}  // namespace thimble
