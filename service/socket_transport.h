// SPDX-License-Identifier: Apache-2.0
//
// A connected socket as the bytes below HTTP. Owns the descriptor.
#pragma once

#include "service/http_connection.h"

namespace thimble::http {

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(int socket) : socket_(socket) {}
  // Lets an answer reach a peer that is still sending: closing with unread bytes would reset the connection.
  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  std::optional<size_t> Read(std::span<char> into, std::chrono::milliseconds patience) override;
  bool Write(std::string_view first, std::string_view second, std::chrono::milliseconds patience) override;

  std::string PeerAddress() const;  // "127.0.0.1", "::1", "unix"

 private:
  const int socket_;
};

}  // namespace thimble::http
