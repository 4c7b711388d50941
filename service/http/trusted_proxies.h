// SPDX-License-Identifier: Apache-2.0
//
// Who a request is from when it comes through a proxy: budgets and the audit trail then name the client, and not the
// proxy. What a header says counts from the proxies of the operator alone; anyone else may write what he likes.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "service/http/types.h"

namespace thimble::http {

// Which header the proxies write. Only this one is read: most proxies pass the other one on as the client sent it.
enum class ForwardedHeader : uint8_t { kXForwardedFor, kForwarded };

std::optional<ForwardedHeader> ParseForwardedHeader(std::string_view name);  // "x-forwarded-for", "forwarded"

// An address, a network ("10.0.0.0/8", "2001:db8::/32"), or "unix", the Unix socket.
class ProxyNetwork {
 public:
  static std::optional<ProxyNetwork> Parse(std::string_view text);
  bool Has(std::string_view address) const;
  bool operator==(const ProxyNetwork&) const = default;

 private:
  bool unix_ = false;
  std::array<uint8_t, 16> address_{};  // IPv4 as mapped into IPv6
  unsigned bits_ = 128;
};

// Immutable.
class TrustedProxies {
 public:
  TrustedProxies() = default;
  TrustedProxies(std::vector<ProxyNetwork> networks, ForwardedHeader header)
      : networks_(std::move(networks)), header_(header) {}

  bool empty() const { return networks_.empty(); }
  bool Trusts(std::string_view address) const;
  // The request as its client's: of the last address of the header that is no proxy's, or of the proxy where the header
  // cannot be read or is the other one; and always without what belongs to the proxy's connection, the rights of the Unix
  // socket and the certificate. nullopt: it is the peer's own, for it has neither header, or the peer is no proxy.
  std::optional<Request> Resolve(const Request& request) const;

 private:
  std::vector<ProxyNetwork> networks_;
  ForwardedHeader header_ = ForwardedHeader::kXForwardedFor;
};

}  // namespace thimble::http
