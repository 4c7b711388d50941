// SPDX-License-Identifier: Apache-2.0
#include "service/http/cause.h"

#include <algorithm>

namespace thimble::http {
namespace {

constexpr size_t kLongest = 300;

std::string HeaderText(std::string_view text) {
  std::string out(text.substr(0, kLongest));
  std::ranges::replace_if(
      out, [](char c) { return c < 0x20 || c > 0x7e; }, '?');
  return out;
}

}  // namespace

void AddCause(Response& response, std::string_view cause, std::string_view detail) {
  response.headers.emplace_back(kCauseHeader, cause);
  if (!detail.empty()) response.headers.emplace_back(kDetailHeader, HeaderText(detail));
}

}  // namespace thimble::http
