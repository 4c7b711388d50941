// SPDX-License-Identifier: Apache-2.0
#include "service/http/socket_transport.h"

#include <linux/sockios.h>
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

iovec Piece(std::string_view text) { return {const_cast<char*>(text.data()), text.size()}; }

milliseconds Left(SteadyClock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
  return std::max(left, milliseconds(0));
}

// What is to be waited for after a call that failed.
Io Failed(Io wanted) { return errno == EAGAIN ? wanted : Io::kClosed; }

}  // namespace

SocketTransport::~SocketTransport() { ::close(socket_); }

void SocketTransport::MayRead(bool ended) {
  may_read_ = true;
  ended_ = ended_ || ended;
}

void SocketTransport::Skip(size_t count) {
  std::array<char, 4096> seen;
  while (count > 0) {
    const ssize_t got = ::recv(socket_, seen.data(), std::min(count, seen.size()), 0);
    if (got == 0 || (got < 0 && errno != EINTR)) return;  // the next call says what is wrong
    count -= static_cast<size_t>(std::max<ssize_t>(got, 0));
  }
}

// A read that came short has taken all that was there. The end of the stream is not among what it can be short of: once
// that has come, reading goes on to it.
Io SocketTransport::Receive(std::span<char> into, size_t& count, int flags) {
  if (!may_read_) return Io::kWantRead;
  const ssize_t got = ::recv(socket_, into.data(), into.size(), flags);
  const bool stays = (flags & MSG_PEEK) != 0;
  if (got < 0) {
    may_read_ = false;
    return Failed(Io::kWantRead);
  }
  count = static_cast<size_t>(got);
  if (count < into.size() && !stays && !ended_) may_read_ = false;
  return got == 0 ? Io::kClosed : Io::kDone;
}

Io SocketTransport::Write(std::string_view first, std::string_view second, size_t& count) {
  std::array<iovec, 2> pieces{Piece(first), Piece(second)};
  msghdr message{};
  message.msg_iov = pieces.data();
  message.msg_iovlen = pieces.size();
  const ssize_t sent = ::sendmsg(socket_, &message, MSG_NOSIGNAL);
  if (sent < 0) return Failed(Io::kWantWrite);
  count = static_cast<size_t>(sent);
  return Io::kDone;
}

void SocketTransport::EndWriting() { ::shutdown(socket_, SHUT_WR); }

Io SocketTransport::Discard(size_t& count) {
  std::array<char, 16 * 1024> discarded;
  return Read(discarded, count);
}

void SocketTransport::WaitToRead(milliseconds patience) const {
  pollfd entry{socket_, POLLIN, 0};
  ::poll(&entry, 1, static_cast<int>(patience.count()));
}

// A peer that has read all we sent ends its side; one that is gone with some of it unread resets the connection. It may
// also have ended its side before: then what it has acknowledged tells.
bool SocketTransport::TakenByPeer(milliseconds patience) {
  ::shutdown(socket_, SHUT_WR);
  const auto deadline = SteadyClock::now() + patience;
  return EndedByPeer(deadline) && AllAcknowledged(deadline);
}

bool SocketTransport::EndedByPeer(SteadyClock::time_point deadline) {
  std::array<char, 4096> discarded;
  while (SteadyClock::now() < deadline) {
    const ssize_t count = ::recv(socket_, discarded.data(), discarded.size(), 0);
    if (count == 0) return true;
    if (count < 0 && errno != EINTR && errno != EAGAIN) return false;
    if (count < 0) WaitToRead(Left(deadline));
  }
  return false;
}

bool SocketTransport::AllAcknowledged(SteadyClock::time_point deadline) const {
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

std::optional<uint32_t> SocketTransport::PeerUser() const {
  ucred peer{};
  socklen_t length = sizeof peer;
  if (::getsockopt(socket_, SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0) return std::nullopt;
  return peer.uid;
}

}  // namespace thimble::http
