// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/trickling_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <thread>

namespace thimble::test {
namespace {

sockaddr_in Loopback(uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

// False: `from` has ended.
bool Forward(int from, int to, size_t at_once) {
  std::array<char, 4096> bytes;
  const ssize_t count = ::recv(from, bytes.data(), bytes.size(), 0);
  if (count <= 0) return false;
  const auto all = static_cast<size_t>(count);
  for (size_t sent = 0; sent < all; sent += at_once) {
    if (::send(to, bytes.data() + sent, std::min(at_once, all - sent), MSG_NOSIGNAL) <= 0) return false;
    if (at_once == 1) std::this_thread::yield();
  }
  return true;
}

}  // namespace

void TricklingProxy::Serve(int client) const {
  const int server = NewSocket();
  const sockaddr_in address = Loopback(server_);
  const auto* const generic = static_cast<const sockaddr*>(static_cast<const void*>(&address));
  if (::connect(server, generic, sizeof address) == 0) Join(client, server);
  ::close(server);
}

void TricklingProxy::Join(int client, int server) const {
  for (;;) {
    std::array<pollfd, 3> ends{pollfd{client, POLLIN, 0}, {server, POLLIN, 0}, {listener_.socket(), 0, 0}};
    ::poll(ends.data(), ends.size(), -1);
    if (ends[2].revents != 0) return;  // the destructor
    if (ends[0].revents != 0 && !Forward(client, server, 1)) return;
    if (ends[1].revents != 0 && !Forward(server, client, 4096)) return;
  }
}

}  // namespace thimble::test
