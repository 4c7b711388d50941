// SPDX-License-Identifier: Apache-2.0
//
// A network between a client and a server on loopback that brings what the client sends byte by byte.
#pragma once

#include <cstdint>
#include <thread>

namespace thimble::test {

// One connection after the other. The destructor ends the one that is there.
class TricklingProxy {
 public:
  explicit TricklingProxy(uint16_t server);
  ~TricklingProxy();
  TricklingProxy(const TricklingProxy&) = delete;
  TricklingProxy& operator=(const TricklingProxy&) = delete;

  uint16_t port() const { return port_; }

 private:
  void Run() const;
  void Join(int client, int server) const;

  const uint16_t server_;
  const int listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

}  // namespace thimble::test
