// SPDX-License-Identifier: Apache-2.0
//
// ASCII without a locale: header names, parameters, hosts and paths are compared by these rules alone.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace thimble {

constexpr char LowerAscii(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
constexpr bool IsDigit(char c) { return c >= '0' && c <= '9'; }
constexpr bool IsAlnum(char c) { return IsDigit(c) || (LowerAscii(c) >= 'a' && LowerAscii(c) <= 'z'); }

inline std::string LowerCase(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = LowerAscii(c);
  return out;
}

inline bool EqualIgnoringCase(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return LowerAscii(x) == LowerAscii(y); });
}

// Without spaces and tabs at both ends.
inline std::string_view TrimBlanks(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

// A number in 20 digits, as which it sorts like the number.
inline constexpr size_t kTwentyDigits = 20;
inline std::string TwentyDigits(uint64_t number) {
  const std::string digits = std::to_string(number);
  return std::string(kTwentyDigits - digits.size(), '0') + digits;
}

}  // namespace thimble
