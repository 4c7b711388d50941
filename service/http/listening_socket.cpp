// SPDX-License-Identifier: Apache-2.0
#include "service/http/listening_socket.h"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>

#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::http {
namespace {

constexpr int kBacklog = 1024;

template <class Address>
sockaddr* Generic(Address& address) {
  return static_cast<sockaddr*>(static_cast<void*>(&address));
}

// The store admits one process, so a socket beside it that is not ours is what an ended one has left.
bool IsUnixSocket(const std::string& path) {
  struct stat info {};
  return ::lstat(path.c_str(), &info) == 0 && S_ISSOCK(info.st_mode);
}

std::string TextOf(sockaddr_storage& address, socklen_t length) {
  if (address.ss_family == AF_UNIX) return "unix";
  std::array<char, NI_MAXHOST> host{};
  const int failed =
      ::getnameinfo(Generic(address), length, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST);
  return failed == 0 ? host.data() : "unknown";
}

uint16_t PortOf(int socket) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  std::array<char, NI_MAXSERV> port{};
  if (::getsockname(socket, Generic(address), &length) != 0) return 0;
  ::getnameinfo(Generic(address), length, nullptr, 0, port.data(), port.size(), NI_NUMERICSERV);
  uint16_t number = 0;
  std::from_chars(port.data(), port.data() + port.size(), number);
  return number;
}

void Set(int socket, int level, int option, int value) {
  ::setsockopt(socket, level, option, &value, sizeof value);
}

// Not SO_REUSEPORT: two servers on one port would share its connections in silence. What is accepted has TCP_NODELAY
// from here. [::] takes IPv4, too.
void SetOptions(int socket, int family) {
  Set(socket, SOL_SOCKET, SO_REUSEADDR, 1);
  Set(socket, IPPROTO_TCP, TCP_NODELAY, 1);
  if (family == AF_INET6) Set(socket, IPPROTO_IPV6, IPV6_V6ONLY, 0);
}

int NewSocket(int family) { return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

}  // namespace

ListeningSocket::~ListeningSocket() {
  ::close(socket_);
  if (is_unix()) ::unlink(path_.c_str());
}

bool ListeningSocket::Bind(const void* address, unsigned length) {
  return ::bind(socket_, static_cast<const sockaddr*>(address), length) == 0 &&
         ::listen(socket_, kBacklog) == 0;
}

Result<std::unique_ptr<ListeningSocket>> ListeningSocket::OnTcp(const ListenAddress& address) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (::getaddrinfo(address.host.c_str(), std::to_string(address.port).c_str(), &wanted, &found) != 0)
    found = nullptr;
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> all(found, ::freeaddrinfo);
  for (const addrinfo* each = found; each != nullptr; each = each->ai_next) {
    const int socket = NewSocket(each->ai_family);
    if (socket < 0) continue;
    std::unique_ptr<ListeningSocket> listening(new ListeningSocket(socket));
    SetOptions(socket, each->ai_family);
    if (!listening->Bind(each->ai_addr, each->ai_addrlen)) continue;
    listening->port_ = PortOf(socket);
    return listening;
  }
  return Error{ErrorKind::kInternal, Check::kRequest,
               StrCat("cannot listen on ", address.ToString(),
                      ": is another process there, or the address not this host's?")};
}

Result<std::unique_ptr<ListeningSocket>> ListeningSocket::OnUnix(const std::string& path) {
  const Error failed{
      ErrorKind::kInternal, Check::kRequest,
      StrCat("cannot listen on ", path,
             ": the path of a socket has at most 107 bytes, and its directory must be writable")};
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return failed;
  std::copy(path.begin(), path.end(), address.sun_path);
  const int socket = NewSocket(AF_UNIX);
  if (socket < 0) return failed;
  std::unique_ptr<ListeningSocket> listening(new ListeningSocket(socket));
  if (IsUnixSocket(path)) ::unlink(path.c_str());
  const mode_t before = ::umask(0177);  // so that the socket is never there with another mode than 0600
  const bool bound = listening->Bind(&address, sizeof address);
  ::umask(before);
  if (!bound) return failed;
  listening->path_ = path;
  return listening;
}

ListeningSocket::Accepted ListeningSocket::Accept() const {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  const int socket = ::accept4(socket_, Generic(address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (socket >= 0) return {std::make_unique<SocketTransport>(socket), TextOf(address, length), false};
  const bool exhausted = errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM;
  return {.exhausted = exhausted};
}

void ListeningSocket::Refuse() const { ::shutdown(socket_, SHUT_RDWR); }

}  // namespace thimble::http
