// SPDX-License-Identifier: Apache-2.0
#include "service/http/connection.h"

#include <algorithm>
#include <array>
#include <exception>
#include <variant>

#include "service/http/cause.h"
#include "service/http/request_id.h"
#include "service/support/log.h"

namespace thimble::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kHeadEnd = "\r\n\r\n";

// So many steps, and others have their turn: a client that sends requests or a body as fast as they are taken does not
// have a loop to itself. One is at most 16 KiB, or a request.
constexpr int kStepsATurn = 64;

// As much memory for what has been read stays with a connection that is idle.
constexpr size_t kIdleBuffer = 4096;

// How long a peer may go on sending after it has been refused. Closing with unread bytes would reset the connection, and
// the peer lose the answer.
constexpr milliseconds kLinger{1000};

// How long a worker waits for the end of a connection whose answer has been read; and once the server stops, how long a
// reader may take nothing of its answer.
constexpr milliseconds kDeliver{15'000}, kStopping{5'000};

// Of a worker, who has his own time.
constexpr milliseconds kUnlimited = std::chrono::hours(24 * 365);

// As much of a body is not counted: requests as most are find room however many large ones are held.
constexpr size_t kSmallBody = 64 * 1024;
// Nor is as much of an answer.
constexpr size_t kSmallAnswer = 64 * 1024;

milliseconds Left(SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
  return std::max(left, milliseconds(0));
}

// A proxy of connections writes no headers of HTTP: these are its client's own word.
bool NamesAClient(const std::pair<std::string, std::string>& header) {
  return header.first == "x-forwarded-for" || header.first == "forwarded";
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, Peer peer, ConnectionContext& context)
    : transport_(std::move(transport)),
      peer_(std::move(peer)),
      context_(context),
      body_held_(context.bodies),
      answer_held_(context.answers) {
  ++context_.rules.counts->open;
  const ProxyProtocol* const protocol = context_.rules.proxy_protocol;
  const bool expected = protocol != nullptr && protocol->expected();
  if (expected && protocol->Trusts(peer_.address)) proxy_header_.emplace();
  Enter(expected ? State::kProxyHeader : transport_->encrypted() ? State::kHandshake : State::kHead);
}

Connection::~Connection() { --context_.rules.counts->open; }

void Connection::Enter(State state) {
  if (state == State::kHead && buffer_.empty() && buffer_.capacity() > kIdleBuffer) buffer_ = std::string();
  state_ = state;
  deadline_ = SteadyClock::now() + TimeFor(state);
}

milliseconds Connection::TimeFor(State state) const {
  const ConnectionLimits& limits = context_.limits;
  switch (state) {
    case State::kProxyHeader:
      return proxy_header_ ? limits.proxy_header : limits.handshake;
    case State::kHandshake:
      return limits.handshake;
    case State::kHead:
      return buffer_.empty() ? limits.idle : limits.head;
    case State::kBody:
      return body_limit_.time;
    case State::kAnswering:
    case State::kPiece:
      return kUnlimited;
    case State::kWriting:
      return limits.write;
    case State::kDelivering:
      return std::min(limits.write, kDeliver);
    case State::kLingering:
      return kLinger;
    case State::kEnded:
      break;
  }
  return milliseconds(0);
}

Connection::Next Connection::Serve() {
  for (int steps = 0; steps < kStepsATurn; ++steps) {
    if (!NeedsWorker() && Left(deadline()) == milliseconds(0)) Expire();
    if (state_ == State::kEnded) return Next::kClose;
    if (NeedsWorker()) return Next::kWork;
    const Io io = Step();
    if (io == Io::kDone) continue;
    if (io == Io::kClosed) return Next::kClose;
    wanted_ = io;
    if (!context_.stopping) return MayWait() ? Next::kWait : Next::kClose;
    if (MayWaitWhileStopping()) return Next::kWait;
  }
  return Next::kYield;
}

// An answer that is not kept elsewhere is memory for as long as its reader takes. One that is larger than all may be
// goes alone.
bool Connection::MayWait() {
  if (state_ != State::kWriting || !out_.content || out_.content.use_count() > 1) return true;
  const size_t size = out_.content->body().size();
  if (size <= kSmallAnswer || answer_held_.Hold(std::min(size, context_.answers.all()))) return true;
  LogInfo("answer dropped", {{"client", peer_.address}, {"bytes", size}},
          "its reader is slow, and slow readers hold as much as they may");
  return false;
}

// An answer is written to its end; a request that has not come to its end is refused. False: there is another step.
bool Connection::MayWaitWhileStopping() {
  if (InRequest()) {
    Refuse(503);
  } else if (state_ != State::kWriting) {
    state_ = State::kEnded;
  } else {
    give_up_ = SteadyClock::now() + kStopping;
    return true;
  }
  return false;
}

// A request that was begun is answered 408; anything else just ends.
void Connection::Expire() {
  if (InRequest()) return Refuse(408);
  if (state_ == State::kProxyHeader && proxy_header_)
    RefuseProxyHeader(ProxyFault::kTimeout, "no PROXY header came in time");
  state_ = State::kEnded;
}

// A worker takes as long as the handler does. Answers with `delivered` are the administrator's alone, who may hold one.
void Connection::Work() {
  switch (state_) {
    case State::kAnswering: {
      Response response = Call(head_->request);
      return body_unread_ ? Refuse(response) : Answer(std::move(response));
    }
    case State::kPiece:
      return MakePiece();
    case State::kDelivering:
      if (transport_->TakenByPeer(Left(deadline_))) delivered_();
      state_ = State::kEnded;
      break;
    default:
      break;
  }
}

void Connection::Overloaded() {
  if (state_ == State::kAnswering) return Refuse(503);
  state_ = State::kEnded;
}

Io Connection::Step() {
  switch (state_) {
    case State::kProxyHeader:
      return proxy_header_ ? ReadProxyHeader() : LookForProxyHeader();
    case State::kHandshake:
      return Handshake();
    case State::kHead:
      return ReadHead();
    case State::kBody:
      return ReadBody();
    case State::kWriting:
      return Write();
    case State::kLingering:
      return Linger();
    case State::kAnswering:
    case State::kPiece:
    case State::kDelivering:
    case State::kEnded:
      break;  // no step of the loop's
  }
  return Io::kClosed;
}

// Appends at most `most` bytes to what has been read.
Io Connection::Fill(size_t most) {
  std::array<char, 16 * 1024> chunk;
  size_t count = 0;
  const Io io = transport_->Read(std::span(chunk).first(std::min(most, chunk.size())), count);
  if (io == Io::kDone) buffer_.append(chunk.data(), count);
  return io;
}

Io Connection::ReadHead() {
  const size_t end = buffer_.find(kHeadEnd, searched_);
  if (end != std::string::npos && end + kHeadEnd.size() <= kMaxHeadBytes) {
    searched_ = 0;
    const std::string head_text = buffer_.substr(0, end + kHeadEnd.size());
    buffer_.erase(0, head_text.size());
    Begin(head_text);
    return Io::kDone;
  }
  if (buffer_.size() > kMaxHeadBytes) {
    const size_t request_line = std::min(buffer_.find("\r\n"), buffer_.size());
    Refuse(request_line > kMaxHeadBytes / 2 ? 414 : 431);  // by which of the two is longer
    return Io::kDone;
  }
  searched_ = buffer_.size() < kHeadEnd.size() ? 0 : buffer_.size() - (kHeadEnd.size() - 1);
  const bool first = buffer_.empty();
  const Io io = Fill(SIZE_MAX);
  if (first && io == Io::kDone) Enter(State::kHead);  // its time runs from here
  return io;
}

// A head is there.
void Connection::Begin(std::string_view head_text) {
  auto parsed = ParseHead(head_text);
  if (const auto* refused = std::get_if<RefusedHead>(&parsed)) {
    LogDebug("request refused", {{"client", peer_.address}, {"status", refused->status}}, refused->why);
    return Refuse(refused->status);
  }
  head_.emplace(std::get<Head>(std::move(parsed)));
  Request& request = head_->request;
  request.id = NewRequestId();
  request.client = peer_.address;
  request.admin = peer_.admin;
  request.uid = peer_.uid;
  request.client_sha256 = client_sha256_;
  if (nameless_) std::erase_if(request.headers, NamesAClient);
  body_unread_ = false;
  if (!head_->chunked && head_->body_length == 0) return Ask();
  LimitBody();
  if (head_->body_length > body_limit_.bytes) return RefuseBody();
  chunks_ = ChunkedBody(body_limit_.bytes);
  if (!head_->expects_continue) return Enter(State::kBody);
  out_ = {.head = "HTTP/1.1 100 Continue\r\n\r\n", .content = nullptr, .written = 0, .next = State::kBody};
  Enter(State::kWriting);
}

// Who lacks the role for a route is refused by the route, as with a small body: counted and logged.
void Connection::RefuseBody() {
  head_->request.body.clear();
  if (body_limit_.refusal.status == 413) return Refuse(body_limit_.refusal);
  body_unread_ = true;
  Enter(State::kAnswering);
}

// A large body that is expected grows in no steps, each of which would hold it twice.
void Connection::LimitBody() {
  auto own = context_.rules.body_limit ? context_.rules.body_limit(head_->request) : std::nullopt;
  body_limit_ = own ? *std::move(own) : BodyLimit{context_.limits.max_body, context_.limits.body};
  const auto length = static_cast<size_t>(std::min<uint64_t>(head_->body_length, body_limit_.bytes));
  if (length > context_.limits.max_body && body_held_.Hold(length)) head_->request.body.reserve(length);
}

Io Connection::ReadBody() {
  using Progress = ChunkedBody::Progress;
  const Progress progress = TakeBody();
  const size_t held = head_->request.body.capacity();
  const bool room = progress != Progress::kMore || body_held_.Hold(held > kSmallBody ? held : 0);
  if (progress == Progress::kMore && room)
    return Fill(head_->chunked ? SIZE_MAX
                               : static_cast<size_t>(head_->body_length) - head_->request.body.size());
  if (progress == Progress::kDone) {
    Enter(State::kAnswering);
  } else {
    if (room && progress == Progress::kTooLong) {
      RefuseBody();
    } else {
      Refuse(room ? 400 : 503);
    }
  }
  return Io::kDone;
}

// From what has been read.
ChunkedBody::Progress Connection::TakeBody() {
  std::string& body = head_->request.body;
  if (head_->chunked) return chunks_.Take(buffer_, body);
  const auto length = static_cast<size_t>(head_->body_length);
  const size_t here = std::min(length - body.size(), buffer_.size());
  body.append(buffer_, 0, here);
  buffer_.erase(0, here);
  return body.size() == length ? ChunkedBody::Progress::kDone : ChunkedBody::Progress::kMore;
}

// A request without a body is there.
void Connection::Ask() {
  if (context_.rules.at_once) {
    try {
      if (auto response = context_.rules.at_once(head_->request)) return Answer(*std::move(response));
    } catch (const std::exception&) {
      // The handler comes to the same, and says so.
    }
  }
  Enter(State::kAnswering);
}

void Connection::Answer(Response response) {
  const Request& request = head_->request;
  if (response.pieces) return SendPieces(std::move(response), request.id);
  // Whether an answer has arrived shows when the peer ends the connection.
  const bool keep_alive = head_->keep_alive && !context_.stopping && !response.delivered;
  const bool head_only = request.method == "HEAD";
  const State next = keep_alive                         ? State::kHead
                     : response.delivered && !head_only ? State::kDelivering
                                                        : State::kEnded;
  Send(response, request.id, head_only, next);
  if (next == State::kDelivering) delivered_ = std::move(response.delivered);
  head_.reset();  // with the body's memory: assigning an empty one would keep it
  body_held_.Hold(0);
}

Response Connection::Call(Request& request) {
  try {
    return context_.handler(request);
  } catch (const std::exception& failure) {
    LogError("handler failed", {{"id", request.id}, {"path", request.path}}, failure.what());
    return Response{.status = 500, .headers = {}, .content = nullptr};
  }
}

void Connection::Refuse(int status) {
  Response response{.status = status, .headers = {}, .content = nullptr};
  if (status == 503) {
    response.headers = {{"Retry-After", "1"}};
    const bool stopping = context_.stopping;
    AddCause(response, stopping ? "server.stopping" : "server.busy");
    LogInfo("request refused",
            {{"client", peer_.address}, {"cause", stopping ? "server.stopping" : "server.busy"}});
  }
  Refuse(response);
}

// What remains unread of the request could be taken for the next one: the connection ends here.
void Connection::Refuse(const Response& response) {
  const std::string id = head_ ? head_->request.id : NewRequestId();
  head_.reset();  // with the body's memory: assigning an empty one would keep it
  body_held_.Hold(0);
  Send(response, id, false, State::kLingering);
}

}  // namespace thimble::http
