// SPDX-License-Identifier: Apache-2.0
//
// Listening and accepting; the connections are connection.h's. The HTTP library is used in server.cpp alone, and
// there only for the listening socket and its accept loop: it holds a thread for each connection, and what it does
// with a request is not strict enough for answers that have to be exact to the byte (spec/cpp-httplib.md).
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "service/http/connection.h"
#include "service/http/tls.h"
#include "tcb/base/result.h"

namespace thimble::http {

// Where to listen: "127.0.0.1:8081", "[::1]:8081"; port 0 takes any free one.
struct ListenAddress {
  std::string host;
  uint16_t port = 0;

  static std::optional<ListenAddress> Parse(std::string_view text);
  std::string ToString() const;
};

class HttpServer {
 public:
  explicit HttpServer(Handler handler, ConnectionLimits limits = {}, ConnectionRules rules = {});
  ~HttpServer();  // as Stop()

  // For TCP connections accepted from here on; those that are there keep theirs. Null: plain HTTP.
  void UseTls(std::shared_ptr<const TlsContext> context);

  Status StartTcp(const ListenAddress& address);
  // Mode 0600, requests on it are `admin`. Replaces a socket that an ended process has left.
  Status StartUnix(const std::string& path);

  uint16_t port() const;  // after StartTcp()
  // No new connections; returns when the requests under way have been answered.
  void Stop();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace thimble::http
