// SPDX-License-Identifier: Apache-2.0
#include "service/http/server.h"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

#include "service/http/connection_count.h"
#include "service/http/event_loop.h"
#include "service/http/listening_socket.h"
#include "service/support/thread_pool.h"

namespace thimble::http {
namespace {

constexpr size_t kMaxQueue = 2048;  // of requests that wait for a worker
constexpr std::chrono::seconds kWorkerIdle{10};
constexpr std::string_view kOverloaded =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nX-Thimble-Cause: server.busy\r\nContent-Length: "
    "0\r\nConnection: close\r\n\r\n";

}  // namespace

struct HttpServer::Impl {
  Impl(Handler handler, ConnectionLimits limits, ConnectionRules rules)
      : context(std::move(handler), limits, std::move(rules)),
        count(limits.max_connections, limits.max_per_address) {}

  ConnectionContext context;
  ConnectionCount count;
  ThreadPool workers{context.limits.max_threads, kMaxQueue, kWorkerIdle};
  std::mutex tls_mutex;
  std::shared_ptr<const TlsContext> tls;
  std::unique_ptr<ListeningSocket> listener;
  std::vector<std::unique_ptr<EventLoop>> loops;
  uint16_t port = 0;

  // All that it takes, or an error.
  Status Start() {
    port = listener->port();
    TRY(workers.Start());
    const size_t wanted =
        context.limits.loops > 0 ? context.limits.loops : std::max(1u, std::thread::hardware_concurrency());
    while (loops.size() < wanted) {
      TRY_ASSIGN(auto loop, EventLoop::Make(workers));
      loops.push_back(std::move(loop));
    }
    for (const auto& loop : loops)
      TRY(loop->Start(listener->descriptor(), [this, &here = *loop] { return Accept(here); }));
    return {};
  }

  bool Names(const std::string& address) const {
    const ProxyProtocol* const protocol = context.rules.proxy_protocol;
    return protocol != nullptr && protocol->expected() && protocol->Trusts(address);
  }

  std::shared_ptr<const TlsContext> CurrentTls() {
    const std::lock_guard lock(tls_mutex);
    return tls;
  }

  // On the thread of the loop `here`: nothing may block. False: there is no descriptor for who waits.
  bool Accept(EventLoop& here) {
    auto [transport, address, exhausted] = listener->Accept();
    if (!transport) return !exhausted;
    const bool admin = listener->is_unix();
    Peer peer{
        .address = std::move(address), .admin = admin, .uid = admin ? transport->PeerUser() : std::nullopt};
    peer.ticket = Names(peer.address) ? count.EnterUnnamed() : count.Enter(peer.address);
    const auto tls_context = admin ? nullptr : CurrentTls();
    if (!peer.ticket) {
      size_t written = 0;
      if (!tls_context) (void)transport->Write(kOverloaded, {}, written);
      return true;
    }
    std::unique_ptr<Transport> layer;
    if (tls_context) {
      layer = tls_context->Accept(std::move(transport));
    } else {
      layer = std::move(transport);
    }
    Place(std::make_unique<Connection>(std::move(layer), std::move(peer), context), here);
    return true;
  }

  // With the loop that accepted it, which is not busy, unless another has clearly less to hold: connections stay long.
  void Place(std::unique_ptr<Connection> connection, EventLoop& here) {
    constexpr size_t kEven = 1;
    EventLoop& least = **std::ranges::min_element(loops, {}, [](const auto& loop) { return loop->size(); });
    if (here.size() <= least.size() + kEven) return here.Hold(std::move(connection));
    least.Take(std::move(connection));
  }
};

HttpServer::HttpServer(Handler handler, ConnectionLimits limits, ConnectionRules rules)
    : impl_(std::make_unique<Impl>(std::move(handler), limits, std::move(rules))) {}

HttpServer::~HttpServer() { Stop(); }

void HttpServer::UseTls(std::shared_ptr<const TlsContext> context) {
  const std::lock_guard lock(impl_->tls_mutex);
  impl_->tls = std::move(context);
}

uint16_t HttpServer::port() const { return impl_->port; }

Status HttpServer::StartTcp(const ListenAddress& address) {
  TRY_ASSIGN(impl_->listener, ListeningSocket::OnTcp(address));
  return impl_->Start();
}

Status HttpServer::StartUnix(const std::string& path) {
  TRY_ASSIGN(impl_->listener, ListeningSocket::OnUnix(path));
  return impl_->Start();
}

// The path of a Unix socket is there until the last answer has been given.
void HttpServer::Stop() {
  impl_->context.stopping = true;
  if (impl_->listener) impl_->listener->Refuse();
  for (const auto& loop : impl_->loops) loop->BeginStop();
  for (const auto& loop : impl_->loops) loop->Join();
  impl_->workers.Drain();  // before the loops: its work ends with a word to one of them
  impl_->loops.clear();
  impl_->listener.reset();
}

}  // namespace thimble::http
