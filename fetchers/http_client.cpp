// SPDX-License-Identifier: Apache-2.0
#include "fetchers/http_client.h"

#include <algorithm>

namespace thimble {

std::optional<std::string_view> HttpResponse::Header(std::string_view name) const {
  const auto found =
      std::ranges::find(headers, name, [](const auto& header) { return std::string_view(header.first); });
  if (found == headers.end()) return std::nullopt;
  return found->second;
}

}  // namespace thimble
