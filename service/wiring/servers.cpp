// SPDX-License-Identifier: Apache-2.0
#include "service/wiring/servers.h"

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "service/support/peer_address.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// The administrator may send a bundle of many platforms, and take as large a one.
http::ConnectionLimits AdminLimits(size_t max_upload) {
  http::ConnectionLimits limits;
  limits.max_body = size_t{1} << 30;
  limits.max_bodies = 2 * std::max(limits.max_body, max_upload);  // one of that size grows in steps
  limits.max_answers = limits.max_bodies;
  limits.body = limits.write = std::chrono::minutes(10);
  limits.loops = 1;  // for few clients
  return limits;
}

// An upload is held beside what others send.
http::ConnectionLimits NetworkLimits(size_t max_upload) {
  http::ConnectionLimits limits;
  limits.max_bodies += 2 * max_upload;
  return limits;
}

}  // namespace

std::string AdminSocketPath(const std::string& data) {
  return (std::filesystem::path(data) / "thimble.sock").string();
}

Result<std::shared_ptr<const http::TlsContext>> LoadTls(const ServerConfig& server) {
  if (server.tls_certificate.empty()) return std::shared_ptr<const http::TlsContext>();
  return http::TlsContext::Load({server.tls_certificate, server.tls_key, server.client_ca});
}

http::BrowserRules RulesForBrowsers(const ServerConfig& server, const std::string& listen,
                                    const http::TlsContext* tls) {
  const auto address = http::ListenAddress::Parse(listen);
  const bool loopback = address && (address->host == "localhost" || http::IsLoopbackPeer(address->host));
  if (!loopback) return {std::nullopt, server.cors_origins};
  std::vector<std::string> hosts = server.hosts;
  if (tls != nullptr) hosts.insert(hosts.end(), tls->names().begin(), tls->names().end());
  return {std::move(hosts), server.cors_origins};
}

Servers::Servers(const Config& config, Storage storage, std::shared_ptr<const http::TlsContext> tls,
                 std::shared_ptr<http::ListenerCounts> counts)
    : config_(config), storage_(storage), tls_(std::move(tls)), counts_(std::move(counts)) {
  if (tls_) counts_->certificate_end = tls_->certificate_end().time_since_epoch().count();
}

Status Servers::Listen(const http::Handler& handler, http::ConnectionRules rules) {
  rules.counts = counts_;
  const auto address = http::ListenAddress::Parse(config_.server.listen);
  if (!address) return Error{ErrorKind::kMalformed, Check::kRequest, "listen is not ADDRESS:PORT"};
  if (storage_ == Storage::kDisk) {
    admin_ = std::make_unique<http::HttpServer>(
        handler, AdminLimits(config_.pccs.max_upload),
        http::ConnectionRules{rules.body_limit, nullptr, counts_, rules.at_once});
    TRY(admin_->StartUnix(AdminSocketPath(config_.cache.data)));
  }
  tcp_ = std::make_unique<http::HttpServer>(handler, NetworkLimits(config_.pccs.max_upload), rules);
  tcp_->UseTls(tls_);
  return tcp_->StartTcp(*address);
}

Status Servers::CheckTls(const std::shared_ptr<const http::TlsContext>& next) const {
  if ((next == nullptr) == (tls_ == nullptr)) return {};
  return Error{ErrorKind::kMalformed, Check::kRequest, "from HTTP to HTTPS, or back, needs a restart"};
}

void Servers::UseTls(std::shared_ptr<const http::TlsContext> next) {
  if (next) counts_->certificate_end = next->certificate_end().time_since_epoch().count();
  if (tcp_) tcp_->UseTls(std::move(next));
}

std::string Servers::address() const {
  auto address = http::ListenAddress::Parse(config_.server.listen);
  if (!address || !tcp_) return {};
  address->port = tcp_->port();
  return address->ToString();
}

void Servers::Stop() {
  if (tcp_) tcp_->Stop();
  if (admin_) admin_->Stop();
}

}  // namespace thimble
