// SPDX-License-Identifier: Apache-2.0
#include "service/http/connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <variant>

#include "service/http/head.h"
#include "service/http/request_id.h"
#include "service/support/clock.h"
#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kHeadEnd = "\r\n\r\n";

// How long a thread stays with a connection whose next request has not come: most clients send it at once, and are then
// spared the way through the parking.
constexpr milliseconds kStay{20};

milliseconds Left(SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
  return std::max(left, milliseconds(0));
}

// What has no place in a field or an extension of a chunk (RFC 9110 section 5.6.4, RFC 9112 section 7.1.1).
bool IsControl(char c) { return (static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f; }

// What may follow a chunk's size: nothing, or what begins with ';', after white space.
bool IsChunkExtension(std::string_view text) {
  const size_t first = text.find_first_not_of(" \t");
  return first == std::string_view::npos || text[first] == ';';
}

}  // namespace

Connection::Connection(std::unique_ptr<Transport> transport, Peer peer, const ConnectionLimits& limits,
                       const Handler& handler, const std::atomic<bool>& stopping)
    : transport_(std::move(transport)),
      peer_(std::move(peer)),
      limits_(limits),
      handler_(handler),
      stopping_(stopping),
      deadline_(SteadyClock::now() + limits.idle) {}

Connection::~Connection() = default;

Connection::Next Connection::Serve() {
  if (!begun_) {
    if (!transport_->Begin(limits_.handshake)) return Next::kClose;
    begun_ = true;
    client_sha256_ = transport_->PeerCertificate();
  }
  for (;;) {
    std::string head;
    switch (ReadHead(head)) {
      case ReadResult::kDone:
        break;
      case ReadResult::kWait:
        return stopping_ && !in_head_ ? Next::kClose : Next::kPark;
      case ReadResult::kTooLong:
        Refuse(431);
        return Next::kClose;
      case ReadResult::kLate:
        Expire();
        return Next::kClose;
      default:
        return Next::kClose;
    }
    if (!ServeOne(head)) return Next::kClose;
    deadline_ = SteadyClock::now() + limits_.idle;
  }
}

void Connection::Expire() {
  if (in_head_) Refuse(408);
}

void Connection::Overloaded() {
  if (!begun_ && !transport_->Begin(milliseconds(0))) return;  // before TLS has begun nothing can be said
  Response response{.status = 503, .headers = {{"Retry-After", "1"}}, .content = nullptr};
  Send(response, NewRequestId(), false, false, milliseconds(0));
}

// Appends what comes within `patience`, which may be nothing. False: no more will come.
bool Connection::Fill(milliseconds patience) {
  std::array<char, 16 * 1024> chunk;
  const auto count = transport_->Read(chunk, patience);
  if (!count) return false;
  buffer_.append(chunk.data(), *count);
  return true;
}

// Until the buffer holds at least `size` bytes.
Connection::ReadResult Connection::FillTo(size_t size, SteadyTime deadline) {
  while (buffer_.size() < size) {
    if (Left(deadline) == milliseconds(0)) return ReadResult::kLate;
    if (!Fill(Left(deadline))) return ReadResult::kClosed;
  }
  return ReadResult::kDone;
}

std::string Connection::TakeFromBuffer(size_t size) {
  std::string taken = buffer_.substr(0, size);
  buffer_.erase(0, size);
  return taken;
}

// kWait: the peer has not sent the whole of it yet, and the thread has better to do than to wait.
Connection::ReadResult Connection::ReadHead(std::string& head) {
  for (;;) {
    if (!in_head_ && !buffer_.empty()) {
      in_head_ = true;
      deadline_ = SteadyClock::now() + limits_.head;
    }
    const size_t end = buffer_.find(kHeadEnd, searched_);
    if (end != std::string::npos && end + kHeadEnd.size() <= kMaxHeadBytes) {
      searched_ = 0;
      in_head_ = false;
      head = TakeFromBuffer(end + kHeadEnd.size());
      return ReadResult::kDone;
    }
    if (buffer_.size() > kMaxHeadBytes) return ReadResult::kTooLong;
    searched_ = buffer_.size() < kHeadEnd.size() ? 0 : buffer_.size() - (kHeadEnd.size() - 1);
    if (Left(deadline_) == milliseconds(0)) return ReadResult::kLate;
    const size_t before = buffer_.size();
    if (!Fill(std::min(kStay, Left(deadline_)))) return ReadResult::kClosed;
    if (buffer_.size() == before) return ReadResult::kWait;
  }
}

Connection::ReadResult Connection::ReadBody(const Head& head, std::string& body) {
  const auto deadline = SteadyClock::now() + limits_.body;
  if (head.chunked) return ReadChunks(deadline, body);
  if (head.body_length > limits_.max_body) return ReadResult::kTooLong;
  const auto length = static_cast<size_t>(head.body_length);
  const ReadResult filled = FillTo(length, deadline);
  if (filled == ReadResult::kDone) body = TakeFromBuffer(length);
  return filled;
}

// RFC 9112 section 7.1. Extensions and trailers are read over, bounded by the length of a line.
Connection::ReadResult Connection::ReadChunks(SteadyTime deadline, std::string& body) {
  for (;;) {
    std::string line;
    if (const ReadResult got = ReadLine(deadline, line); got != ReadResult::kDone) return got;
    uint64_t size = 0;
    const auto parsed = std::from_chars(line.data(), line.data() + line.size(), size, 16);
    if (parsed.ec != std::errc() || !IsChunkExtension(parsed.ptr)) return ReadResult::kBad;
    if (size > limits_.max_body - body.size()) return ReadResult::kTooLong;
    if (size == 0) return ReadTrailers(deadline);
    if (const ReadResult got = FillTo(size + 2, deadline); got != ReadResult::kDone) return got;
    body.append(buffer_, 0, size);
    if (buffer_.compare(size, 2, "\r\n") != 0) return ReadResult::kBad;
    buffer_.erase(0, size + 2);
  }
}

Connection::ReadResult Connection::ReadTrailers(SteadyTime deadline) {
  for (size_t count = 0; count <= kMaxHeaderCount; ++count) {
    std::string line;
    if (const ReadResult got = ReadLine(deadline, line); got != ReadResult::kDone) return got;
    if (line.empty()) return ReadResult::kDone;
  }
  return ReadResult::kBad;
}

// Ends with CRLF and nothing else: a bare line feed would end it for another reader of these bytes, here or there.
Connection::ReadResult Connection::ReadLine(SteadyTime deadline, std::string& line) {
  constexpr size_t kMaxLine = 1024;
  for (;;) {
    const size_t feed = buffer_.find('\n');
    if (feed != std::string::npos) {
      if (feed == 0 || buffer_[feed - 1] != '\r' || feed > kMaxLine) return ReadResult::kBad;
      line = TakeFromBuffer(feed - 1);
      buffer_.erase(0, 2);
      return std::ranges::any_of(line, IsControl) ? ReadResult::kBad : ReadResult::kDone;
    }
    if (buffer_.size() > kMaxLine) return ReadResult::kBad;
    if (const ReadResult got = FillTo(buffer_.size() + 1, deadline); got != ReadResult::kDone) return got;
  }
}

// One request and its answer. False: close.
bool Connection::ServeOne(std::string_view head_text) {
  auto parsed = ParseHead(head_text);
  if (const auto* refused = std::get_if<RefusedHead>(&parsed)) {
    LogDebug("request refused", {{"client", peer_.address}, {"status", refused->status}}, refused->why);
    return Refuse(refused->status);
  }
  Head& head = std::get<Head>(parsed);
  if (!ReceiveBody(head)) return false;

  Request& request = head.request;
  request.id = NewRequestId();
  request.client = peer_.address;
  request.admin = peer_.admin;
  request.client_sha256 = client_sha256_;
  const Response response = Call(request);
  // Whether an answer has arrived shows when the peer ends the connection.
  const bool keep_alive = head.keep_alive && !stopping_ && !response.delivered;
  const bool head_only = request.method == "HEAD";
  const bool sent = Send(response, request.id, keep_alive, head_only, limits_.write);
  if (response.delivered && sent && !head_only && transport_->TakenByPeer(limits_.write))
    response.delivered();
  return sent && keep_alive;
}

bool Connection::ReceiveBody(Head& head) {
  const bool has_body = head.chunked || head.body_length > 0;
  if (!has_body) return true;
  const bool too_long = head.body_length > limits_.max_body;
  if (head.expects_continue && !too_long &&
      !transport_->Write("HTTP/1.1 100 Continue\r\n\r\n", "", limits_.write)) {
    return false;
  }
  switch (ReadBody(head, head.request.body)) {
    case ReadResult::kDone:
      return true;
    case ReadResult::kTooLong:
      return Refuse(413);
    case ReadResult::kLate:
      return Refuse(408);
    case ReadResult::kBad:
      return Refuse(400);
    case ReadResult::kClosed:
    case ReadResult::kWait:
      break;
  }
  return false;
}

Response Connection::Call(const Request& request) {
  try {
    return handler_(request);
  } catch (const std::exception& failure) {
    LogError("handler failed", {{"id", request.id}, {"path", request.path}}, failure.what());
    return Response{.status = 500, .headers = {}, .content = nullptr};
  }
}

// What remains unread of the request could be taken for the next one: the connection ends here.
bool Connection::Refuse(int status) {
  Send(Response{.status = status, .headers = {}, .content = nullptr}, NewRequestId(), false, false,
       limits_.write);
  transport_->LetAnswerArrive();
  return false;
}

bool Connection::Send(const Response& response, const std::string& id, bool keep_alive, bool head_only,
                      milliseconds patience) {
  std::string head = StrCat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
                            "\r\nDate: ", FormatHttpDate(Clock::WallTime()), "\r\nRequest-ID: ", id, "\r\n");
  for (const auto& [name, value] : response.headers) head += StrCat(name, ": ", value, "\r\n");
  if (!keep_alive) head += "Connection: close\r\n";
  if (response.content) {
    head += response.content->head();
  } else if (response.status != 304) {  // RFC 9110 section 8.6: a 304 would give the length of the 200
    head += "Content-Length: 0\r\n";
  }
  head += "\r\n";
  const std::string_view body =
      response.content && !head_only ? response.content->body() : std::string_view();
  return transport_->Write(head, body, patience);
}

}  // namespace thimble::http
