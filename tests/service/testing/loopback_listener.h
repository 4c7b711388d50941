// SPDX-License-Identifier: Apache-2.0
//
// What proxies of tests have in common: a port of loopback, and a thread that serves one connection after the other.
#pragma once

#include <cstdint>
#include <functional>
#include <thread>

namespace thimble::test {

// Sends what is written at once, however little it is.
int NewSocket();

class LoopbackListener {
 public:
  // `serve` has the connection until it returns. It is called as soon as the listener is made: whoever has a listener as a
  // member has it last.
  explicit LoopbackListener(std::function<void(int client)> serve);
  ~LoopbackListener();  // after the connection that is there
  LoopbackListener(const LoopbackListener&) = delete;
  LoopbackListener& operator=(const LoopbackListener&) = delete;

  uint16_t port() const { return port_; }
  int socket() const { return socket_; }  // has an event once the destructor runs

 private:
  const int socket_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace thimble::test
