// SPDX-License-Identifier: Apache-2.0
#include "service/http/server.h"

#include <httplib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "service/http/connection_count.h"
#include "service/http/idle_connections.h"
#include "service/http/socket_transport.h"
#include "service/support/thread_pool.h"
#include "service/support/thread_start.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::http {
namespace {

constexpr int kBacklog = 1024;  // the library's own is 5
constexpr size_t kMaxQueue = 2048;
constexpr std::chrono::seconds kThreadIdle{10};
constexpr std::string_view kOverloaded =
    "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nX-Thimble-Cause: server.busy\r\nContent-Length: "
    "0\r\nConnection: close\r\n\r\n";

// What the library's TaskQueue answers when it is given work: nothing in 0.11, bool from 0.15 on.
template <class Method>
struct AnswerOf;
template <class Answer>
struct AnswerOf<Answer (httplib::TaskQueue::*)(std::function<void()>)> {
  using Type = Answer;
};
using Enqueued = AnswerOf<decltype(&httplib::TaskQueue::enqueue)>::Type;

// The library accepts, and hands each connection over in place: what becomes of it is ours.
class InPlace : public httplib::TaskQueue {
 public:
  Enqueued enqueue(std::function<void()> work) override {
    work();
    return Enqueued(true);  // it is taken; of void this is no value
  }
  void shutdown() override {}
};

class Listener : public httplib::Server {
 public:
  explicit Listener(std::function<void(int)> accepted) : accepted_(std::move(accepted)) {
    new_task_queue = [] { return new InPlace(); };  // the library deletes it
    set_tcp_nodelay(true);
    // The library's default is SO_REUSEPORT: two servers on one port would share its connections in silence.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
    });
  }

  void DeepenBacklog() { ::listen(svr_sock_, kBacklog); }

 private:
  bool process_and_close_socket(socket_t socket) override {
    accepted_(socket);
    return true;
  }

  const std::function<void(int)> accepted_;
};

// The store admits one process, so a socket beside it that is not ours is what an ended one has left.
bool IsUnixSocket(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

}  // namespace

std::optional<ListenAddress> ListenAddress::Parse(std::string_view text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  const std::string_view digits = text.substr(colon + 1);
  const bool bracketed = host.starts_with('[') && host.ends_with(']');
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (host.empty() || (!bracketed && host.find(':') != std::string_view::npos)) return std::nullopt;

  ListenAddress address{std::string(host), 0};
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), address.port);
  if (digits.empty() || parsed.ec != std::errc() || parsed.ptr != digits.data() + digits.size())
    return std::nullopt;
  return address;
}

std::string ListenAddress::ToString() const {
  const bool v6 = host.find(':') != std::string::npos;
  return v6 ? StrCat("[", host, "]:", port) : StrCat(host, ":", port);
}

struct HttpServer::Impl {
  Impl(Handler handler, ConnectionLimits limits, ConnectionRules rules)
      : context(std::move(handler), limits, std::move(rules)),
        count(limits.max_connections, limits.max_per_address) {}

  using ConnectionPtr = std::unique_ptr<Connection>;

  ConnectionContext context;
  std::atomic<bool> accept_ended{false};
  ConnectionCount count;
  // So few that however many clients come at once, those who are here are answered.
  ThreadPool greeters{std::max(1u, std::thread::hardware_concurrency() / 2), kMaxQueue, kThreadIdle};
  ThreadPool crew{context.limits.max_threads, kMaxQueue, kThreadIdle};
  IdleConnections parking{[this](ConnectionPtr connection) { Dispatch(std::move(connection)); }};
  std::mutex tls_mutex;
  std::shared_ptr<const TlsContext> tls;
  std::unique_ptr<Listener> listener;
  std::thread accepting;
  std::string unix_path;
  uint16_t port = 0;

  // All that it takes, or an error.
  Status Accept() {
    TRY(parking.Start());
    TRY(crew.Start());
    TRY(greeters.Start());
    listener->DeepenBacklog();
    TRY_ASSIGN(accepting, StartThread("to accept connections", [this] {
                 listener->listen_after_bind();
                 accept_ended = true;
               }));
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

  // On the accepting thread: nothing here may block.
  void Accepted(int socket, bool admin) {
    auto transport = std::make_unique<SocketTransport>(socket);
    Peer peer{.address = transport->PeerAddress(),
              .admin = admin,
              .uid = admin ? transport->PeerUser() : std::nullopt};
    if (peer.address.empty()) return;  // it has gone already: nobody to answer, and no address to count
    peer.ticket = Names(peer.address) ? count.EnterUnnamed() : count.Enter(peer.address);
    const auto tls_context = admin ? nullptr : CurrentTls();
    if (!peer.ticket) {
      size_t count_written = 0;
      if (!tls_context) (void)transport->Write(kOverloaded, {}, count_written);
      return;
    }
    std::unique_ptr<Transport> layer;
    if (tls_context) {
      layer = tls_context->Accept(std::move(transport));
    } else {
      layer = std::move(transport);
    }
    Dispatch(std::make_unique<Connection>(std::move(layer), std::move(peer), context));
  }

  // When every thread is busy and the queue is full, the connection is told so and ends.
  void Dispatch(ConnectionPtr connection) {
    auto shared = std::make_shared<ConnectionPtr>(std::move(connection));
    ThreadPool& pool = (*shared)->shaking_hands() ? greeters : crew;
    if (!pool.Run([this, shared] { Serve(std::move(*shared)); })) (*shared)->Overloaded();
  }

  void Serve(ConnectionPtr connection) {
    while (connection) {
      const Connection::Next next = connection->Serve();
      if (next == Connection::Next::kClose) return;
      if (next == Connection::Next::kHandOver) return Dispatch(std::move(connection));
      connection = parking.Park(std::move(connection));
    }
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
  impl_->listener = std::make_unique<Listener>([this](int socket) { impl_->Accepted(socket, false); });
  const int port = address.port == 0 ? impl_->listener->bind_to_any_port(address.host)
                   : impl_->listener->bind_to_port(address.host, address.port) ? address.port
                                                                               : -1;
  if (port <= 0) {
    impl_->listener.reset();
    return Error{ErrorKind::kInternal, Check::kRequest,
                 StrCat("cannot listen on ", address.ToString(),
                        ": is another process there, or the address not this host's?")};
  }
  impl_->port = static_cast<uint16_t>(port);
  return impl_->Accept();
}

Status HttpServer::StartUnix(const std::string& path) {
  if (IsUnixSocket(path)) ::unlink(path.c_str());
  impl_->listener = std::make_unique<Listener>([this](int socket) { impl_->Accepted(socket, true); });
  impl_->listener->set_address_family(AF_UNIX);
  const mode_t before = ::umask(0177);  // so that the socket is never there with another mode than 0600
  const bool bound = impl_->listener->bind_to_port(path, 1);
  ::umask(before);
  if (!bound) {
    impl_->listener.reset();
    return Error{ErrorKind::kInternal, Check::kRequest,
                 StrCat("cannot listen on ", path,
                        ": the path of a socket has at most 107 bytes, and its directory must be writable")};
  }
  impl_->unix_path = path;
  return impl_->Accept();
}

void HttpServer::Stop() {
  if (!impl_->listener) return;
  impl_->context.stopping = true;
  if (impl_->accepting.joinable()) {
    // The library's stop() does nothing before the accept loop has begun.
    while (!impl_->listener->is_running() && !impl_->accept_ended)
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    impl_->listener->stop();
    impl_->accepting.join();
  }
  impl_->listener.reset();
  impl_->parking.Close();
  impl_->greeters.Drain();  // first: they hand over to the crew
  impl_->crew.Drain();
  if (!impl_->unix_path.empty()) ::unlink(impl_->unix_path.c_str());
}

}  // namespace thimble::http
