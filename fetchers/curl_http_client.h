// SPDX-License-Identifier: Apache-2.0
//
// HTTP over libcurl. TLS is always verified, redirects are not followed, http:// is refused but for loopback,
// link-local and requests that allow it, and every answer is bounded in size and time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "fetchers/http_client.h"

namespace thimble {

struct CurlOptions {
  std::string client_certificate, client_key;       // PEM files that we show; empty: none
  std::string ca_file;                              // PEM, beside the system's authorities; empty: only those
  std::chrono::milliseconds connect_timeout{3000};  // with TLS handshake
  std::chrono::milliseconds total_timeout{30000};   // of one request; its deadline holds besides
  size_t max_header_bytes = 128u << 10;
  // Empty: from the environment (HTTPS_PROXY, NO_PROXY). Loopback and link-local hosts are never proxied.
  std::optional<std::string> proxy;
  std::string user_agent = "thimble";
};

// Thread-safe: each request takes a connection of its own from a pool and gives it back for re-use.
class CurlHttpClient final : public HttpClient {
 public:
  explicit CurlHttpClient(CurlOptions options);
  ~CurlHttpClient() override;
  Result<HttpResponse> Send(const HttpRequest& request) override;

 private:
  struct Pool;
  CurlOptions options_;
  std::unique_ptr<Pool> pool_;
};

}  // namespace thimble
