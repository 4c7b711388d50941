// SPDX-License-Identifier: Apache-2.0
//
// The URLs of upstreams, taken apart strictly. Every decision about a host (plain HTTP, proxy, whose host it
// is) is made on what is parsed here, and only URLs that parse here are handed to the HTTP library.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace thimble {

// http or https, no user information, no fragment. A host is a name, an IPv4 address in four decimal parts,
// or an IPv6 address (without its brackets); other spellings of addresses ("127.1", "0x7f.0.0.1") are
// refused.
struct Url {
  bool tls = false;
  std::string host;  // lower case
  uint16_t port = 0;
  std::string target;  // path and query, from "/" on

  std::string Origin() const;  // "https://host:port", the port only where it is not the scheme's own
};
std::optional<Url> ParseUrl(std::string_view text);

enum class Reach : uint8_t {
  kLoopback,   // 127.0.0.0/8, ::1, localhost
  kLinkLocal,  // 169.254.0.0/16, fe80::/10
  kElsewhere,
};
Reach ReachOf(const Url& url);

// "/path?a=1&b=2" in its parts; the views point into `target`. Nothing is percent-decoded. nullopt for a name
// without
// "=", a repeated name, or a fragment.
struct Target {
  std::string_view path;
  std::vector<std::pair<std::string_view, std::string_view>> parameters;

  std::optional<std::string_view> Find(std::string_view name) const;
};
std::optional<Target> SplitTarget(std::string_view target);

}  // namespace thimble
