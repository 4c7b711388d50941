// SPDX-License-Identifier: Apache-2.0
//
// Putting messages together.
#pragma once

#include <concepts>
#include <string>
#include <string_view>

namespace thimble {

inline void AppendPiece(std::string& out, std::string_view piece) { out += piece; }
inline void AppendPiece(std::string& out, char piece) { out += piece; }
template <std::integral N>
void AppendPiece(std::string& out, N number) {
  out += std::to_string(number);
}

// Text and integers, one after the other: StrCat("isvsvn ", 7, " of ", 11).
template <class... Pieces>
std::string StrCat(const Pieces&... pieces) {
  std::string out;
  (AppendPiece(out, pieces), ...);
  return out;
}

}  // namespace thimble
