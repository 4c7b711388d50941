// SPDX-License-Identifier: Apache-2.0
//
// Whose connections begin with a header of the PROXY protocol (proxy_header.h): those of trusted proxies must, and
// nobody else's may. What is wrong with one ends the connection, is counted and logged.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <string_view>

#include "service/http/proxy_header.h"
#include "service/http/trusted_proxies.h"
#include "service/support/prometheus_text.h"

namespace thimble::http {

// Thread-safe.
class ProxyProtocol {
 public:
  // `expected` false: no connection of this server begins so.
  ProxyProtocol(const TrustedProxies& proxies, bool expected) : proxies_(proxies), expected_(expected) {}

  bool expected() const { return expected_; }
  bool Trusts(std::string_view peer) const { return proxies_.Trusts(peer); }

  void Refused(std::string_view peer, ProxyFault fault, std::string_view why);
  uint64_t refused(ProxyFault fault) const { return refused_.at(static_cast<size_t>(fault)); }
  void Write(PrometheusText& out) const;

 private:
  const TrustedProxies proxies_;
  const bool expected_;
  std::array<std::atomic<uint64_t>, kProxyFaults> refused_{};
};

}  // namespace thimble::http
