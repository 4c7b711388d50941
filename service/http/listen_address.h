// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thimble::http {

// Where to listen: "127.0.0.1:8081", "[::1]:8081"; port 0 takes any free one.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;

  static std::optional<ListenAddress> Parse(std::string_view text);
  std::string ToString() const;
};

}  // namespace thimble::http
