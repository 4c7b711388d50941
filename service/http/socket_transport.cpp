// SPDX-License-Identifier: Apache-2.0
#include "service/http/socket_transport.h"

#include <fcntl.h>
#include <linux/sockios.h>
#include <netdb.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <thread>

namespace thimble::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kLinger{1000};
constexpr size_t kLingerBytes = 4u << 20;

iovec Piece(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

}  // namespace

SocketTransport::~SocketTransport() { ::close(socket_); }

void SocketTransport::LetAnswerArrive() {
  ::shutdown(socket_, SHUT_WR);
  const auto deadline = SteadyClock::now() + kLinger;
  std::array<char, 16 * 1024> discarded;
  for (size_t total = 0; total < kLingerBytes;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
    if (left <= milliseconds(0)) break;
    const auto count = Read(discarded, left);
    if (!count || *count == 0) break;
    total += *count;
  }
}

void SocketTransport::SetNonBlocking() {
  ::fcntl(socket_, F_SETFL, ::fcntl(socket_, F_GETFL, 0) | O_NONBLOCK);
}

bool SocketTransport::WaitFor(bool writable, milliseconds patience) const {
  const short events = writable ? POLLOUT : POLLIN;
  const auto deadline = SteadyClock::now() + patience;
  for (;;) {
    const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
    pollfd entry{socket_, events, 0};
    const int ready = ::poll(&entry, 1, static_cast<int>(std::max<milliseconds::rep>(left.count(), 0)));
    if (ready >= 0 || errno != EINTR) return ready != 0;  // a failed socket is ready: the next call says so
  }
}

// Tries before it waits: the next request is often there already.
std::optional<size_t> SocketTransport::Read(std::span<char> into, milliseconds patience) {
  for (bool waited = false;; waited = true) {
    const ssize_t count = ::recv(socket_, into.data(), into.size(), MSG_DONTWAIT);
    if (count > 0) return static_cast<size_t>(count);
    if (count == 0 || (errno != EAGAIN && errno != EINTR)) return std::nullopt;
    if (waited || !WaitFor(false, patience)) return 0;
  }
}

bool SocketTransport::Write(std::string_view first, std::string_view second, milliseconds patience) {
  const auto deadline = SteadyClock::now() + patience;
  while (!first.empty() || !second.empty()) {
    std::array<iovec, 2> pieces{Piece(first), Piece(second)};
    msghdr message{};
    message.msg_iov = pieces.data();
    message.msg_iovlen = pieces.size();
    const ssize_t count = ::sendmsg(socket_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
    if (count < 0) {
      const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
      if ((errno != EAGAIN && errno != EINTR) || left <= milliseconds(0)) return false;
      if (!WaitFor(true, left)) return false;
      continue;
    }
    const auto sent = static_cast<size_t>(count);
    const size_t of_first = std::min(sent, first.size());
    first.remove_prefix(of_first);
    second.remove_prefix(sent - of_first);
  }
  return true;
}

// A peer that has read all we sent ends its side; one that is gone with some of it unread resets the connection. It may
// also have ended its side before: then what it has acknowledged tells.
bool SocketTransport::TakenByPeer(milliseconds patience) {
  ::shutdown(socket_, SHUT_WR);
  const auto deadline = SteadyClock::now() + patience;
  return EndedByPeer(deadline) && AllAcknowledged(deadline);
}

bool SocketTransport::EndedByPeer(SteadyTime deadline) {
  std::array<char, 4096> discarded;
  while (SteadyClock::now() < deadline) {
    const ssize_t count = ::recv(socket_, discarded.data(), discarded.size(), 0);
    if (count == 0) return true;
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count < 0) WaitFor(false, std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now()));
  }
  return false;
}

bool SocketTransport::AllAcknowledged(SteadyTime deadline) const {
  constexpr milliseconds kStep{2};
  for (;; std::this_thread::sleep_for(kStep)) {
    int unacknowledged = 0, error = 0;
    socklen_t length = sizeof(error);
    if (::ioctl(socket_, SIOCOUTQ, &unacknowledged) != 0) return false;
    if (::getsockopt(socket_, SOL_SOCKET, SO_ERROR, &error, &length) != 0 || error != 0) return false;
    if (unacknowledged == 0) return true;
    if (SteadyClock::now() >= deadline) return false;
  }
}

std::string SocketTransport::PeerAddress() const {
  sockaddr_storage address{};
  socklen_t length = sizeof(address);
  auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  std::array<char, NI_MAXHOST> host{};
  if (::getpeername(socket_, generic, &length) != 0 || address.ss_family == AF_UNIX) return "unix";
  if (::getnameinfo(generic, length, host.data(), host.size(), nullptr, 0, NI_NUMERICHOST) != 0)
    return "unknown";
  return host.data();
}

}  // namespace thimble::http
