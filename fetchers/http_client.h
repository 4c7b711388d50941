// SPDX-License-Identifier: Apache-2.0
//
// HTTP as the fetchers need it: one virtual Send, so that tests can stand in for the network.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble {

struct HttpRequest {
  std::string method = "GET";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  std::string body;
  size_t max_body = 4u << 20;  // a longer answer is an error, and reading stops there
  std::chrono::steady_clock::time_point deadline = std::chrono::steady_clock::time_point::max();
  std::string item_class = {};  // kind of item ("amd/vcek"): a host says "later" of that alone
  std::string ca_file =
      {};                   // PEM: authorities for this one, beside the system's; empty: as the client has it
  std::string unix_socket;  // a path: connect there, whatever the host of the URL
  bool allow_http = false;  // plain HTTP also to hosts that are neither loopback nor link-local
};

struct HttpResponse {
  int status = 0;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case
  Bytes body;

  // The value of the first header of this (lower-case) name.
  std::optional<std::string_view> Header(std::string_view name) const;
};

class HttpClient {
 public:
  virtual ~HttpClient() = default;
  // OK means that a complete HTTP response arrived; its status is still to be judged.
  // Errors: upstream.unreachable (DNS, connect, TLS, time-out, truncated), upstream.answer (longer than
  // max_body), or request.invalid (refused before anything was sent: not an http or https URL, plain HTTP
  // where it is not allowed).
  virtual Result<HttpResponse> Send(const HttpRequest& request) = 0;
};

}  // namespace thimble
