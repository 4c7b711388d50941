// SPDX-License-Identifier: Apache-2.0
//
// A socket that clients connect to: a port, or the path of a Unix socket.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "service/http/listen_address.h"
#include "service/http/socket_transport.h"
#include "tcb/base/result.h"

namespace thimble::http {

// Thread-safe. Owns its descriptor; and its path, which ends with it.
class ListeningSocket {
 public:
  // Errors (kInternal) say what cannot be listened on.
  static Result<std::unique_ptr<ListeningSocket>> OnTcp(const ListenAddress& address);
  // Mode 0600. Replaces a socket that an ended process has left.
  static Result<std::unique_ptr<ListeningSocket>> OnUnix(const std::string& path);
  ~ListeningSocket();
  ListeningSocket(const ListeningSocket&) = delete;
  ListeningSocket& operator=(const ListeningSocket&) = delete;

  int descriptor() const { return socket_; }
  uint16_t port() const { return port_; }
  bool is_unix() const { return !path_.empty(); }

  // Does not wait. Without a transport nobody is there any more, or (`exhausted`) the process has no descriptor for him.
  struct Accepted {
    std::unique_ptr<SocketTransport> transport = {};
    std::string address = {};  // "127.0.0.1", "::1", "unix"
    bool exhausted = false;
  };
  Accepted Accept() const;
  // Whoever comes from here on is refused.
  void Refuse() const;

 private:
  explicit ListeningSocket(int socket) : socket_(socket) {}
  bool Bind(const void* address, unsigned length);

  const int socket_;
  uint16_t port_ = 0;
  std::string path_;
};

}  // namespace thimble::http
