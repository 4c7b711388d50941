// SPDX-License-Identifier: Apache-2.0
//
// One connection, as a machine of states: reads requests, has them answered, writes answers, in turn. A loop
// (event_loop.h) goes on with it whenever its peer has; what may wait or compute is a worker's. Who is slow, whatever at,
// costs a descriptor and what has come so far.
#pragma once

#include <algorithm>
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
  size_t max_threads = 512;      // of workers
  size_t loops = 0;              // 0: one for each processor
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
  // Asked first, on the loop's thread, about requests without a body: nullopt, when it would have to wait or compute. Then,
  // and where there is no such function, the handler answers.
  std::function<std::optional<Response>(Request&)> at_once = {};
};

// What the connections of a server share. Must outlive them.
struct ConnectionContext {
  ConnectionContext(Handler the_handler, ConnectionLimits the_limits, ConnectionRules the_rules = {})
      : handler(std::move(the_handler)),
        limits(the_limits),
        rules(std::move(the_rules)),
        bodies(limits.max_bodies),
        answers(limits.max_answers) {}

  const Handler handler;
  const ConnectionLimits limits;
  const ConnectionRules rules;
  std::atomic<bool> stopping{false};  // once it is true, each ends after the answer under way
  Budget bodies, answers;             // bytes
};

// Not thread-safe: one thread at a time has it.
class Connection {
 public:
  // kWait: for its peer, or for deadline(). kYield: there is more to do, and others are to have their turn before.
  // kWork: Work() is a worker's, and Serve() comes after it.
  enum class Next : uint8_t { kClose, kWait, kYield, kWork };

  Connection(std::unique_ptr<Transport> transport, Peer peer, ConnectionContext& context);
  ~Connection();

  // Goes on as far as it goes without its peer and without waiting. To be called when something has come for it, when
  // deadline() has passed, and when the server stops.
  Next Serve();
  // What may wait or compute. An exception out of the handler is a 500: nothing escapes.
  void Work();
  // There is no worker for it: 503 with Retry-After, where an answer has not begun.
  void Overloaded();
  // Its descriptor can be read, or (`ended`) its peer has ended. Also while it is worked on.
  void MayRead(bool ended) { transport_->MayRead(ended); }

  int descriptor() const { return transport_->descriptor(); }
  bool waits_to_write() const { return wanted_ == Io::kWantWrite; }
  SteadyTime deadline() const { return std::min(deadline_, give_up_); }
  // In TLS's handshake, which costs as much as many requests.
  bool shaking_hands() const { return state_ == State::kHandshake && transport_->encrypted(); }

 private:
  enum class State : uint8_t {
    kProxyHeader,  // of a proxy, whose connection it is
    kHandshake,    // TLS's
    kHead,         // of the next request, and before it idle
    kBody,
    kAnswering,  // a worker calls the handler
    kWriting,
    kPiece,       // a worker makes the next piece of the answer
    kDelivering,  // a worker waits for the peer to have read all
    kLingering,   // after a refusal: what still comes is read and forgotten
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
  std::chrono::milliseconds TimeFor(State state) const;
  bool NeedsWorker() const {
    return state_ == State::kAnswering || state_ == State::kPiece || state_ == State::kDelivering;
  }
  bool InRequest() const { return state_ == State::kBody || (state_ == State::kHead && !buffer_.empty()); }
  void Expire();
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
  Io Linger();

  Io Fill(size_t most);
  void Begin(std::string_view head_text);
  void LimitBody();
  void RefuseBody();
  ChunkedBody::Progress TakeBody();
  void Ask();
  void Answer(Response response);
  Response Call(Request& request);
  void Refuse(int status);
  void Refuse(const Response& response);
  void Send(const Response& response, const std::string& id, bool head_only, State next);
  void SendPieces(Response response, const std::string& id);
  void MakePiece();

  const std::unique_ptr<Transport> transport_;
  Peer peer_;
  ConnectionContext& context_;

  State state_ = State::kHandshake;
  std::optional<ProxyHeader> proxy_header_;  // kProxyHeader: of a trusted proxy
  bool nameless_ = false;                    // it named nobody
  SteadyTime deadline_;                      // of the state
  SteadyTime give_up_ = SteadyTime::max();  // once the server stops: when its peer has taken nothing for long
  Io wanted_ = Io::kWantRead;               // by the step that could not go on
  std::optional<Digest256> client_sha256_;  // of the peer's certificate
  std::string buffer_;                      // what has been read and not yet used
  size_t searched_ = 0;                     // of buffer_, for the end of a head
  std::optional<Head> head_;                // of the request under way, with as much of the body as has come
  bool body_unread_ = false;                // kAnswering: of that, which is refused
  BodyLimit body_limit_;
  ChunkedBody chunks_{0};
  Budget::Share body_held_, answer_held_;
  Outgoing out_;
  std::function<void()> delivered_;  // kWriting, kDelivering: of the answer
  size_t lingered_ = 0;              // bytes
};

}  // namespace thimble::http
