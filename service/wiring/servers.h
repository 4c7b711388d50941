// SPDX-License-Identifier: Apache-2.0
//
// The listening sides: the configured address, and for a store on disk the administrator's socket beside it.
#pragma once

#include <memory>
#include <string>

#include "service/config/config.h"
#include "service/http/browser_rules.h"
#include "service/http/server.h"
#include "service/http/tls.h"
#include "service/wiring/opened_store.h"

namespace thimble {

// DATA/thimble.sock.
std::string AdminSocketPath(const std::string& data);

// Null without a certificate in the configuration.
Result<std::shared_ptr<const http::TlsContext>> LoadTls(const ServerConfig& server);

// What browsers may be made to ask, by the configuration and the names of the certificate (null: plain HTTP).
http::BrowserRules RulesForBrowsers(const ServerConfig& server, const std::string& listen,
                                    const http::TlsContext* tls);

// Not thread-safe.
class Servers {
 public:
  // `tls` may be null: plain HTTP.
  Servers(const Config& config, Storage storage, std::shared_ptr<const http::TlsContext> tls,
          std::shared_ptr<http::ListenerCounts> counts);

  // The administrator's socket knows no proxies: `rules` are the other's, but for the limits of bodies.
  Status Listen(const http::Handler& handler, http::ConnectionRules rules);
  // For connections from here on. Errors: from HTTP to HTTPS, or back.
  Status CheckTls(const std::shared_ptr<const http::TlsContext>& next) const;
  void UseTls(std::shared_ptr<const http::TlsContext> next);
  bool tls() const { return tls_ != nullptr; }
  std::string address() const;  // "127.0.0.1:8081", after Listen()
  void Stop();                  // requests under way are answered first

 private:
  const Config& config_;
  const Storage storage_;
  std::shared_ptr<const http::TlsContext> tls_;
  const std::shared_ptr<http::ListenerCounts> counts_;
  std::unique_ptr<http::HttpServer> tcp_, admin_;
};

}  // namespace thimble
