// SPDX-License-Identifier: Apache-2.0
//
// A connected socket as the bytes below HTTP. Owns the descriptor.
#pragma once

#include "service/http/connection.h"

namespace thimble::http {

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(int socket) : socket_(socket) {}
  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  bool Begin(std::chrono::milliseconds) override { return true; }
  std::optional<size_t> Read(std::span<char> into, std::chrono::milliseconds patience) override;
  bool Write(std::string_view first, std::string_view second, std::chrono::milliseconds patience) override;

  bool TakenByPeer(std::chrono::milliseconds patience) override;
  void LetAnswerArrive() override;
  int descriptor() const override { return socket_; }

  void SetNonBlocking();
  // Until it can be read from (or written to); false when `patience` ran out.
  bool WaitFor(bool writable, std::chrono::milliseconds patience) const;

  std::string PeerAddress() const;  // "127.0.0.1", "::1", "unix"

 private:
  bool EndedByPeer(SteadyTime deadline);
  bool AllAcknowledged(SteadyTime deadline) const;

  const int socket_;
};

}  // namespace thimble::http
