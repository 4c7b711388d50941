// SPDX-License-Identifier: Apache-2.0
#include "tcb/base/percent.h"

#include "tcb/base/bytes.h"

namespace thimble {

std::string PercentEncode(std::string_view text) {
  constexpr std::string_view kPlain = "-_.!~*'()";
  std::string out;
  for (const char c : text) {
    const bool alphanumeric = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (alphanumeric || kPlain.find(c) != std::string_view::npos) {
      out += c;
    } else {
      out += '%';
      out += HexUpper(AsBytes(std::string_view(&c, 1)));
    }
  }
  return out;
}

std::optional<std::string> PercentDecode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    if (text.front() != '%') {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    uint8_t byte = 0;
    if (text.size() < 3 || !FromHexInto(text.substr(1, 2), {&byte, 1})) return std::nullopt;
    out += static_cast<char>(byte);
    text.remove_prefix(3);
  }
  return out;
}

}  // namespace thimble
