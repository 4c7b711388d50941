// SPDX-License-Identifier: Apache-2.0
//
// Listening: a loop for each processor (event_loop.h), which all accept from one socket, and workers for what would hold
// them up. The connections are connection.h's.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "service/http/connection.h"
#include "service/http/listen_address.h"
#include "service/http/tls.h"
#include "tcb/base/result.h"

namespace thimble::http {

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
