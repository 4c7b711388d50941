// SPDX-License-Identifier: Apache-2.0
#include "service/http_connection.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <exception>
#include <variant>

#include "service/clock.h"
#include "service/http_head.h"
#include "service/log.h"
#include "service/request_id.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::string_view kHeadEnd = "\r\n\r\n";
constexpr milliseconds kStopPoll{200};  // how soon an idle connection notices `stopping`

enum class ReadResult { kDone, kClosed, kLate, kTooLong, kBad };

milliseconds Left(SteadyClock::time_point deadline) {
  const auto left = std::chrono::duration_cast<milliseconds>(deadline - SteadyClock::now());
  return std::max(left, milliseconds(0));
}

class Connection {
 public:
  Connection(Transport& transport, const Peer& peer, const ConnectionLimits& limits, const Handler& handler,
             const std::atomic<bool>& stopping)
      : transport_(transport), peer_(peer), limits_(limits), handler_(handler), stopping_(stopping) {}

  void Run() {
    while (WaitForRequest() && ServeOne()) {
    }
  }

 private:
  bool WaitForRequest() {
    const auto deadline = SteadyClock::now() + limits_.idle;
    while (buffer_.empty()) {
      if (stopping_ || Left(deadline) == milliseconds(0)) return false;
      if (!Fill(std::min(kStopPoll, Left(deadline)))) return false;
    }
    return true;
  }

  // Appends what comes within `patience`, which may be nothing. False: no more will come.
  bool Fill(milliseconds patience) {
    std::array<char, 16 * 1024> chunk;
    const auto count = transport_.Read(chunk, patience);
    if (!count) return false;
    buffer_.append(chunk.data(), *count);
    return true;
  }

  // Until the buffer holds at least `size` bytes.
  ReadResult FillTo(size_t size, SteadyClock::time_point deadline) {
    while (buffer_.size() < size) {
      if (Left(deadline) == milliseconds(0)) return ReadResult::kLate;
      if (!Fill(Left(deadline))) return ReadResult::kClosed;
    }
    return ReadResult::kDone;
  }

  std::string TakeFromBuffer(size_t size) {
    std::string taken = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return taken;
  }

  ReadResult ReadHead(std::string& head) {
    const auto deadline = SteadyClock::now() + limits_.head;
    size_t searched = 0;
    for (;;) {
      const size_t end = buffer_.find(kHeadEnd, searched);
      if (end != std::string::npos && end + kHeadEnd.size() <= kMaxHeadBytes) {
        head = TakeFromBuffer(end + kHeadEnd.size());
        return ReadResult::kDone;
      }
      if (buffer_.size() > kMaxHeadBytes) return ReadResult::kTooLong;
      searched = buffer_.size() < kHeadEnd.size() ? 0 : buffer_.size() - (kHeadEnd.size() - 1);
      const ReadResult more = FillTo(buffer_.size() + 1, deadline);
      if (more != ReadResult::kDone) return more;
    }
  }

  ReadResult ReadBody(const Head& head, std::string& body) {
    const auto deadline = SteadyClock::now() + limits_.body;
    if (head.chunked) return ReadChunks(deadline, body);
    if (head.body_length > limits_.max_body) return ReadResult::kTooLong;
    const auto length = static_cast<size_t>(head.body_length);
    const ReadResult filled = FillTo(length, deadline);
    if (filled == ReadResult::kDone) body = TakeFromBuffer(length);
    return filled;
  }

  // RFC 9112 section 7.1. Extensions and trailers are read over, bounded by the length of a line.
  ReadResult ReadChunks(SteadyClock::time_point deadline, std::string& body) {
    for (;;) {
      std::string line;
      if (const ReadResult got = ReadLine(deadline, line); got != ReadResult::kDone) return got;
      uint64_t size = 0;
      const auto parsed = std::from_chars(line.data(), line.data() + line.size(), size, 16);
      const bool whole = parsed.ptr == line.data() + line.size() || *parsed.ptr == ';' || *parsed.ptr == ' ';
      if (parsed.ec != std::errc() || !whole) return ReadResult::kBad;
      if (size > limits_.max_body - body.size()) return ReadResult::kTooLong;
      if (size == 0) return ReadTrailers(deadline);
      if (const ReadResult got = FillTo(size + 2, deadline); got != ReadResult::kDone) return got;
      body.append(buffer_, 0, size);
      if (buffer_.compare(size, 2, "\r\n") != 0) return ReadResult::kBad;
      buffer_.erase(0, size + 2);
    }
  }

  ReadResult ReadTrailers(SteadyClock::time_point deadline) {
    for (size_t count = 0; count <= kMaxHeaderCount; ++count) {
      std::string line;
      if (const ReadResult got = ReadLine(deadline, line); got != ReadResult::kDone) return got;
      if (line.empty()) return ReadResult::kDone;
    }
    return ReadResult::kBad;
  }

  ReadResult ReadLine(SteadyClock::time_point deadline, std::string& line) {
    constexpr size_t kMaxLine = 1024;
    for (;;) {
      const size_t end = buffer_.find("\r\n");
      if (end != std::string::npos && end <= kMaxLine) {
        line = TakeFromBuffer(end);
        buffer_.erase(0, 2);
        return ReadResult::kDone;
      }
      if (buffer_.size() > kMaxLine) return ReadResult::kBad;
      if (const ReadResult got = FillTo(buffer_.size() + 1, deadline); got != ReadResult::kDone) return got;
    }
  }

  // One request and its answer. False: close.
  bool ServeOne() {
    std::string text;
    switch (ReadHead(text)) {
      case ReadResult::kDone:
        break;
      case ReadResult::kTooLong:
        return Refuse(431);
      case ReadResult::kLate:
        return Refuse(408);
      default:
        return false;
    }
    auto parsed = ParseHead(text);
    if (const auto* refused = std::get_if<RefusedHead>(&parsed)) {
      LogDebug(
          StrCat("request refused: client=", peer_.address, " status=", refused->status, " ", refused->why));
      return Refuse(refused->status);
    }
    Head& head = std::get<Head>(parsed);
    if (!ReceiveBody(head)) return false;

    Request& request = head.request;
    request.id = NewRequestId();
    request.client = peer_.address;
    request.admin = peer_.admin;
    const Response response = Call(request);
    const bool keep_alive = head.keep_alive && !stopping_;
    return Send(response, request.id, keep_alive, request.method == "HEAD") && keep_alive;
  }

  bool ReceiveBody(Head& head) {
    const bool has_body = head.chunked || head.body_length > 0;
    if (!has_body) return true;
    const bool too_long = head.body_length > limits_.max_body;
    if (head.expects_continue && !too_long &&
        !transport_.Write("HTTP/1.1 100 Continue\r\n\r\n", "", limits_.write)) {
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
        break;
    }
    return false;
  }

  Response Call(const Request& request) {
    try {
      return handler_(request);
    } catch (const std::exception& failure) {
      LogError(StrCat("handler failed: id=", request.id, " path=", request.path, " ", failure.what()));
      return Response{.status = 500, .headers = {}, .content = nullptr};
    }
  }

  // What remains unread of the request could be taken for the next one: the connection ends here.
  bool Refuse(int status) {
    Send(Response{.status = status, .headers = {}, .content = nullptr}, NewRequestId(), false, false);
    return false;
  }

  bool Send(const Response& response, const std::string& id, bool keep_alive, bool head_only) {
    std::string head =
        StrCat("HTTP/1.1 ", response.status, " ", ReasonPhrase(response.status),
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
    return transport_.Write(head, body, limits_.write);
  }

  Transport& transport_;
  const Peer& peer_;
  const ConnectionLimits& limits_;
  const Handler& handler_;
  const std::atomic<bool>& stopping_;
  std::string buffer_;  // what has been read and not yet used
};

}  // namespace

void ServeConnection(Transport& transport, const Peer& peer, const ConnectionLimits& limits,
                     const Handler& handler, const std::atomic<bool>& stopping) {
  Connection(transport, peer, limits, handler, stopping).Run();
}

}  // namespace thimble::http
