// SPDX-License-Identifier: Apache-2.0
//
// A network between a client and a server on loopback that brings what the client sends byte by byte.
#pragma once

#include <cstdint>

#include "tests/service/testing/loopback_listener.h"

namespace thimble::test {

// One connection after the other. The destructor ends the one that is there.
class TricklingProxy {
 public:
  explicit TricklingProxy(uint16_t server) : server_(server) {}

  uint16_t port() const { return listener_.port(); }

 private:
  void Serve(int client) const;
  void Join(int client, int server) const;

  const uint16_t server_;
  const LoopbackListener listener_{[this](int client) { Serve(client); }};
};

}  // namespace thimble::test
