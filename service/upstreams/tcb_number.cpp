// SPDX-License-Identifier: Apache-2.0
#include "service/upstreams/tcb_number.h"

#include <algorithm>
#include <charconv>

#include "tcb/base/bytes.h"

namespace thimble {

std::string TcbNumber(const amd::TcbVersion& tcb) {
  auto raw = tcb.Encode();
  std::reverse(raw.begin(), raw.end());
  return HexUpper(raw);
}

std::optional<std::array<uint8_t, 8>> ParseTcbNumber(std::string_view text) {
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, 16);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  if (!whole || text.size() > 16 || text.starts_with('-')) return std::nullopt;
  std::array<uint8_t, 8> raw{};
  for (size_t i = 0; i < raw.size(); ++i) raw.at(i) = static_cast<uint8_t>(number >> (8 * i));
  return raw;
}

}  // namespace thimble
