// SPDX-License-Identifier: Apache-2.0
//
// A connected socket as the bytes below HTTP. Owns the descriptor.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "service/http/transport.h"

namespace thimble::http {

class SocketTransport : public Transport {
 public:
  explicit SocketTransport(int socket) : socket_(socket) {}  // which does not block
  ~SocketTransport() override;
  SocketTransport(const SocketTransport&) = delete;
  SocketTransport& operator=(const SocketTransport&) = delete;

  void MayRead(bool ended) override;
  Io Begin() override { return Io::kDone; }
  Io Peek(std::span<char> into, size_t& count) override { return Receive(into, count, MSG_PEEK); }
  void Skip(size_t count) override;
  Io Read(std::span<char> into, size_t& count) override { return Receive(into, count, 0); }
  Io Write(std::string_view first, std::string_view second, size_t& count) override;
  void EndWriting() override;
  Io Discard(size_t& count) override;
  bool TakenByPeer(std::chrono::milliseconds patience) override;
  int descriptor() const override { return socket_; }

  std::optional<uint32_t> PeerUser() const;  // uid of a Unix socket's peer

 private:
  Io Receive(std::span<char> into, size_t& count, int flags);
  void WaitToRead(std::chrono::milliseconds patience) const;
  bool EndedByPeer(std::chrono::steady_clock::time_point deadline);
  bool AllAcknowledged(std::chrono::steady_clock::time_point deadline) const;

  const int socket_;
  bool may_read_ = true;  // as far as is known
  bool ended_ = false;    // by the peer
};

}  // namespace thimble::http
