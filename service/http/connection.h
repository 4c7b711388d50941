// SPDX-License-Identifier: Apache-2.0
//
// One connection: reads requests, calls the handler, writes answers, in turn. It holds a thread only while it has
// something to do: a connection that waits for its peer is parked (idle_connections.h) and costs a descriptor and a buffer.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "service/http/types.h"

namespace thimble::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// The bytes below HTTP: a socket, or TLS over one. Used by one thread at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  // Once, before anything else: TLS's handshake. False when it fails or takes longer than `patience`.
  virtual bool Begin(std::chrono::milliseconds patience) = 0;
  // The number of bytes read, at least 1; 0 when nothing came within `patience`; nullopt when the peer has
  // closed or reset the connection.
  virtual std::optional<size_t> Read(std::span<char> into, std::chrono::milliseconds patience) = 0;
  // Both pieces in one go; false when they could not be written within `patience`.
  virtual bool Write(std::string_view first, std::string_view second, std::chrono::milliseconds patience) = 0;
  // Ends what we send. True once the peer has read all of it and ended its side; false when it is gone without, or did
  // not within `patience`.
  virtual bool TakenByPeer(std::chrono::milliseconds patience) = 0;
  // Ends what we send, and reads what the peer still sends for a while: closing with unread bytes would reset the
  // connection, and the peer lose the answer.
  virtual void LetAnswerArrive() = 0;
  virtual int descriptor() const = 0;  // to wait on
  // SHA-256 of the certificate that the peer has shown, verified; after Begin().
  virtual std::optional<Digest256> PeerCertificate() const { return std::nullopt; }
};

struct ConnectionLimits {
  std::chrono::milliseconds idle{60'000};  // between requests
  std::chrono::milliseconds head{10'000};  // the head, from its first byte on: a trickle does not extend it
  std::chrono::milliseconds body{15'000};  // the body, in all
  std::chrono::milliseconds write{15'000};
  std::chrono::milliseconds handshake{10'000};
  size_t max_body = 2u << 20;
  size_t max_connections = 4096;
  size_t max_per_address = 256;  // loopback is exempt
};

struct Peer {
  std::string address;
  bool admin = false;
  std::shared_ptr<const void> ticket = {};  // counts the connection for as long as it lives
};

// Not thread-safe: one thread at a time has it.
class Connection {
 public:
  enum class Next : uint8_t { kClose, kPark };

  // `limits`, `handler` and `stopping` must outlive it. `stopping` turned true ends it after the answer under way.
  Connection(std::unique_ptr<Transport> transport, Peer peer, const ConnectionLimits& limits,
             const Handler& handler, const std::atomic<bool>& stopping);
  ~Connection();

  // Serves requests while they keep coming. An exception out of the handler is a 500: nothing escapes.
  Next Serve();

  // When parked: what it waits on, and how long at most.
  int descriptor() const { return transport_->descriptor(); }
  SteadyTime deadline() const { return deadline_; }
  // The deadline has passed: a head that was begun is answered 408; an idle connection just ends.
  void Expire();
  // There is no thread for it: 503 with Retry-After, without waiting.
  void Overloaded();

 private:
  enum class ReadResult : uint8_t { kDone, kWait, kClosed, kLate, kTooLong, kBad };

  bool Fill(std::chrono::milliseconds patience);
  ReadResult FillTo(size_t size, SteadyTime deadline);
  std::string TakeFromBuffer(size_t size);
  ReadResult ReadHead(std::string& head);
  ReadResult ReadBody(const struct Head& head, std::string& body);
  ReadResult ReadChunks(SteadyTime deadline, std::string& body);
  ReadResult ReadTrailers(SteadyTime deadline);
  ReadResult ReadLine(SteadyTime deadline, std::string& line);
  bool ReceiveBody(struct Head& head);
  bool ServeOne(std::string_view head_text);
  Response Call(const Request& request);
  bool Refuse(int status);
  bool Send(const Response& response, const std::string& id, bool keep_alive, bool head_only,
            std::chrono::milliseconds patience);

  const std::unique_ptr<Transport> transport_;
  const Peer peer_;
  const ConnectionLimits& limits_;
  const Handler& handler_;
  const std::atomic<bool>& stopping_;
  std::string buffer_;   // what has been read and not yet used
  size_t searched_ = 0;  // of buffer_, for the end of a head
  bool begun_ = false;
  std::optional<Digest256> client_sha256_;  // of the peer's certificate
  bool in_head_ = false;                    // its first byte has come
  SteadyTime deadline_;                     // of the head, or of the idle time
};

}  // namespace thimble::http
