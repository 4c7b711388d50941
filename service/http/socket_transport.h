// SPDX-License-Identifier: Apache-2.0
//
// A connected socket as the bytes below HTTP. Owns the descriptor.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string>

#include "service/http/transport.h"

namespace thimble::http {

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(int socket);
  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  Io Begin() override { return Io::kDone; }
  Io Peek(std::span<char> into, size_t& count) override { return Receive(into, count, MSG_PEEK); }
  void Skip(size_t count) override;
  Io Read(std::span<char> into, size_t& count) override { return Receive(into, count, 0); }
  Io Write(std::string_view first, std::string_view second, size_t& count) override;
  void EndWriting() override;
  Io Discard(size_t& count) override;
  bool WaitFor(Io wanted, std::chrono::milliseconds patience) override;
  bool TakenByPeer(std::chrono::milliseconds patience) override;
  int descriptor() const override { return socket_; }

  std::string PeerAddress() const;           // "127.0.0.1", "::1", "unix"
  std::optional<uint32_t> PeerUser() const;  // uid of a Unix socket's peer

 private:
  Io Receive(std::span<char> into, size_t& count, int flags);
  bool EndedByPeer(std::chrono::steady_clock::time_point deadline);
  bool AllAcknowledged(std::chrono::steady_clock::time_point deadline) const;

  const int socket_;
};

}  // namespace thimble::http
