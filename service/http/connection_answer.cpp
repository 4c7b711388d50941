// SPDX-License-Identifier: Apache-2.0
//
// How an answer leaves: whole or in pieces, and what follows it.
#include <algorithm>
#include <array>
#include <charconv>
#include <exception>

#include "service/http/connection.h"
#include "service/support/clock.h"
#include "service/support/log.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

// What a peer may still send after it has been refused.
constexpr size_t kLingerBytes = 4u << 20;

// How long an answer in pieces may take in all, however it is read: what it is made of is held as long. Once the server stops,
// the rest has kStopping.
constexpr std::chrono::minutes kPieces{2}, kPiecesOfAdmin{30};
constexpr std::chrono::seconds kStopping{5};

// As many bytes of most heads are not the content's.
constexpr size_t kOwnHead = 512;

// RFC 9112 section 7.1; an empty one is the last.
std::string ChunkOf(std::string_view piece) {
  std::array<char, 16> size{};
  const auto end = std::to_chars(size.begin(), size.end(), piece.size(), 16).ptr;
  return StrCat(std::string_view(size.data(), static_cast<size_t>(end - size.data())), "\r\n", piece, "\r\n");
}

// What changes once a second is made once a second.
const std::string& DateLine() {
  thread_local Instant second{};
  thread_local std::string line;
  if (const Instant now = Clock::WallTime(); line.empty() || now != second) {
    second = now;
    line = StrCat("\r\nDate: ", FormatHttpDate(now), "\r\nRequest-ID: ");
  }
  return line;
}

}  // namespace

void Connection::Send(const Response& response, const std::string& id, bool head_only, State next) {
  std::string head;
  head.reserve(kOwnHead + (response.content ? response.content->head().size() : 0));
  head += StrCat("HTTP/1.1 ", response.status, " ");
  head.append(ReasonPhrase(response.status)).append(DateLine()).append(id).append("\r\n");
  for (const auto& [name, value] : response.headers) {
    head.append(name).append(": ").append(value).append("\r\n");
  }
  if (next != State::kHead) head += "Connection: close\r\n";
  if (response.content) {
    head += response.content->head();
  } else if (response.status != 304 && response.status != 204 && !response.pieces) {
    // RFC 9110 section 8.6: a 304 would give the length of the 200, and a 204 may give none.
    head += "Content-Length: 0\r\n";
  }
  head += "\r\n";
  out_ = {
      .head = std::move(head), .content = head_only ? nullptr : response.content, .written = 0, .next = next};
  Enter(State::kWriting);
}

Io Connection::Write() {
  std::string_view head = out_.head;
  std::string_view body = out_.content ? std::string_view(out_.content->body()) : std::string_view();
  head.remove_prefix(std::min(out_.written, head.size()));
  body.remove_prefix(out_.written - (out_.head.size() - head.size()));
  while (!head.empty() || !body.empty()) {
    size_t count = 0;
    const Io io = transport_->Write(head, body, count);
    if (io != Io::kDone) return io;
    out_.written += count;
    const size_t of_head = std::min(count, head.size());
    head.remove_prefix(of_head);
    body.remove_prefix(count - of_head);
  }
  if (out_.pieces) {
    Enter(State::kPiece);
    return Io::kDone;
  }
  const State next = out_.next;
  out_ = {};
  answer_held_.Hold(0);
  if (next == State::kLingering) transport_->EndWriting();
  Enter(next);
  return Io::kDone;
}

// HTTP/1.0 has no chunks: there the end of the connection ends the answer, and over TLS says so.
void Connection::SendPieces(Response response, const std::string& id) {
  const bool chunked = head_->takes_chunks;
  const bool keep_alive = chunked && head_->keep_alive && !context_.stopping;
  if (chunked) response.headers.emplace_back("Transfer-Encoding", "chunked");
  Send(response, id, false, keep_alive ? State::kHead : chunked ? State::kEnded : State::kLingering);
  out_.pieces = std::move(response.pieces);
  out_.chunked = chunked;
  out_.pieces_until = std::chrono::steady_clock::now() + (peer_.admin ? kPiecesOfAdmin : kPieces);
  head_.reset();  // what the pieces are made of counts as held until the last
}

// Its time to be written begins when it is made.
void Connection::MakePiece() {
  std::string piece;
  try {
    piece = out_.pieces();
  } catch (const std::exception& failure) {
    LogError("answer broken off", {{"client", peer_.address}}, failure.what());
    state_ = State::kEnded;  // without its end: the client sees that it is not whole
    return;
  }
  const bool last = piece.empty();
  out_.head = out_.chunked ? ChunkOf(piece) : std::move(piece);
  out_.written = 0;
  if (last) {
    out_.pieces = nullptr;
    body_held_.Hold(0);
  }
  Enter(State::kWriting);
  if (context_.stopping)
    out_.pieces_until = std::min(out_.pieces_until, std::chrono::steady_clock::now() + kStopping);
  deadline_ = std::min(deadline_, out_.pieces_until);
}

Io Connection::Linger() {
  size_t count = 0;
  const Io io = transport_->Discard(count);
  lingered_ += count;
  return io == Io::kDone && lingered_ > kLingerBytes ? Io::kClosed : io;
}

}  // namespace thimble::http
