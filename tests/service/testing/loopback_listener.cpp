// SPDX-License-Identifier: Apache-2.0
#include "tests/service/testing/loopback_listener.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

namespace thimble::test {

int NewSocket() {
  const int made = ::socket(AF_INET, SOCK_STREAM, 0);
  const int yes = 1;
  ::setsockopt(made, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return made;
}

LoopbackListener::LoopbackListener(std::function<void(int client)> serve) : socket_(NewSocket()) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  auto* const generic = static_cast<sockaddr*>(static_cast<void*>(&address));
  socklen_t length = sizeof address;
  ::bind(socket_, generic, length);
  ::listen(socket_, 16);
  ::getsockname(socket_, generic, &length);
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([socket = socket_, serve = std::move(serve)] {
    for (int client; (client = ::accept(socket, nullptr, nullptr)) >= 0; ::close(client)) serve(client);
  });
}

LoopbackListener::~LoopbackListener() {
  ::shutdown(socket_, SHUT_RDWR);
  thread_.join();
  ::close(socket_);
}

}  // namespace thimble::test
