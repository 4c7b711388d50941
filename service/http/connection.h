// SPDX-License-Identifier: Apache-2.0
//
// One connection: reads requests, calls the handler, writes answers, in turn. It holds a thread only while it has
// something to do: a connection that waits for its peer, whatever for, is parked (idle_connections.h) and costs a
// descriptor and what has come so far.
#pragma once

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "service/http/budget.h"
#include "service/http/chunked_body.h"
#include "service/http/connection_count.h"
#include "service/http/head.h"
#include "service/http/listener_counts.h"
#include "service/http/proxy_protocol.h"
#include "service/http/transport.h"
#include "service/http/types.h"

namespace thimble::http {

using SteadyTime = std::chrono::steady_clock::time_point;

// Each time is for the whole of a thing: a trickle does not extend it.
struct ConnectionLimits {
  std::chrono::milliseconds proxy_header{5'000};
  std::chrono::milliseconds handshake{10'000};
  std::chrono::milliseconds idle{60'000};  // between requests
  std::chrono::milliseconds head{10'000};  // from its first byte on
  std::chrono::milliseconds body{15'000};
  std::chrono::milliseconds write{15'000};
  size_t max_body = 2u << 20;
  size_t max_bodies = 128u << 20;   // of all connections together, but for the first 64 KiB of each
  size_t max_answers = 128u << 20;  // that wait for slow readers, but for the first 64 KiB of each
  size_t max_connections = 4096;
  size_t max_per_address = 256;  // loopback is exempt
  size_t max_threads = 512;
};

struct Peer {
  std::string address;
  bool admin = false;
  std::optional<uint32_t> uid = {};                      // of a Unix socket's
  std::unique_ptr<ConnectionCount::Ticket> ticket = {};  // counts the connection for as long as it lives
};

// What is asked about a connection before its requests are, and what is counted of it. What it refers to outlives the
// server.
struct ConnectionRules {
  // Of a request of which the head is there; nullopt: as of most, ConnectionLimits.
  std::function<std::optional<BodyLimit>(const Request& head)> body_limit = {};
  ProxyProtocol* proxy_protocol = nullptr;  // null: no connection begins with its header
  // Never null. What this server has in common with other sides of the same one.
  std::shared_ptr<ListenerCounts> counts = std::make_shared<ListenerCounts>();
};

// What the connections of a server share. Must outlive them.
struct ConnectionContext {
  ConnectionContext(Handler the_handler, ConnectionLimits the_limits, ConnectionRules the_rules = {})
      : handler(std::move(the_handler)),
        limits(the_limits),
        rules(std::move(the_rules)),
        bodies(limits.max_bodies),
        answers(limits.max_answers),
        stays(limits.max_threads / 2) {}

  const Handler handler;
  const ConnectionLimits limits;
  const ConnectionRules rules;
  std::atomic<bool> stopping{false};  // once it is true, each ends after the answer under way
  Budget bodies, answers;             // bytes
  Budget
      stays;  // threads that stay with a connection for a while: never all, so that one is free for the others
};

// Not thread-safe: one thread at a time has it.
class Connection {
 public:
  // kHandOver: to be served by another thread, for shaking_hands() is not what it was.
  enum class Next : uint8_t { kClose, kPark, kHandOver };

  Connection(std::unique_ptr<Transport> transport, Peer peer, ConnectionContext& context);
  ~Connection();

  // Goes on as far as it goes without its peer, and not beyond deadline(). An exception out of the handler is a 500:
  // nothing escapes.
  Next Serve();

  // When parked: what it waits on, and how long at most. Then, and when the server stops, it is to be served.
  int descriptor() const { return transport_->descriptor(); }
  bool waits_to_write() const { return wanted_ == Io::kWantWrite; }
  SteadyTime deadline() const { return deadline_; }
  // In TLS's handshake, which costs more than all that comes after it.
  bool shaking_hands() const { return state_ == State::kHandshake && transport_->encrypted(); }
  // In the middle of a request or of an answer.
  bool busy() const { return InRequest() || state_ == State::kWriting; }
  // There is no thread for it: 503 with Retry-After, as far as it goes at once.
  void Overloaded();

 private:
  enum class State : uint8_t {
    kProxyHeader,
    kHandshake,
    kHead,
    kBody,
    kWriting,
    kDelivering,
    kLingering,
    kEnded
  };

  // Bytes to be written, and what comes after them.
  struct Outgoing {
    std::string head;
    ContentPtr content;                        // null: head alone
    size_t written = 0;                        // of both
    std::function<std::string()> pieces = {};  // what follows; null: nothing
    bool chunked = false;                      // that
    SteadyTime pieces_until = {};              // and until when, whatever its reader does
    State next = State::kEnded;
  };

  void Enter(State state);
  void Stay();  // a thread may wait with it for a while, from now
  std::chrono::milliseconds TimeFor(State state) const;
  bool InRequest() const { return state_ == State::kBody || (state_ == State::kHead && !buffer_.empty()); }
  void Expire();
  bool MayPark();
  bool MayWait();
  bool MayWaitWhileStopping();

  // One step of a state. kDone: there is another one.
  Io Step();
  Io ReadProxyHeader();
  Io LookForProxyHeader();
  Io RefuseProxyHeader(ProxyFault fault, std::string_view why);
  Io TakeProxysWord();
  Io Handshake();
  Io HandshakeFailed();
  Io ReadHead();
  Io ReadBody();
  Io Write();
  Io WriteNextPiece();
  Io Deliver();
  Io Linger();

  Io Fill(size_t most);
  void Begin(std::string_view head_text);
  void LimitBody();
  void RefuseBody();
  ChunkedBody::Progress TakeBody();
  void Answer();
  Response Call(Request& request);
  void Refuse(int status);
  void Refuse(const Response& response);
  void Send(const Response& response, const std::string& id, bool head_only, State next);
  void SendPieces(Response response, const std::string& id);

  const std::unique_ptr<Transport> transport_;
  Peer peer_;
  ConnectionContext& context_;

  State state_ = State::kHandshake;
  std::optional<ProxyHeader> proxy_header_;  // kProxyHeader: of a trusted proxy
  bool nameless_ = false;                    // it named nobody
  SteadyTime deadline_;                      // of the state
  SteadyTime stay_until_;                    // how long a thread may wait with it
  Budget::Share stay_;                       // that one does
  Io wanted_ = Io::kWantRead;                // by the step that could not go on
  std::optional<Digest256> client_sha256_;   // of the peer's certificate
  std::string buffer_;                       // what has been read and not yet used
  size_t searched_ = 0;                      // of buffer_, for the end of a head
  std::optional<Head> head_;                 // of the request under way, with as much of the body as has come
  BodyLimit body_limit_;
  ChunkedBody chunks_{0};
  Budget::Share body_held_, answer_held_;
  Outgoing out_;
  std::function<void()> delivered_;  // kWriting, kDelivering: of the answer
  size_t lingered_ = 0;              // bytes
};

}  // namespace thimble::http
