// SPDX-License-Identifier: Apache-2.0
//
// A peer without a socket: what it sends comes in the pieces given, and it takes so many bytes at once. Nothing is
// waited for: between any two pieces there is nothing to read, and nothing can be written twice in a row.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "service/http/connection.h"
#include "service/http/transport.h"

namespace thimble::test {

class ScriptedTransport : public http::Transport {
 public:
  // What is written is appended to `written`, which outlives it.
  ScriptedTransport(std::vector<std::string> pieces, size_t at_once, std::string& written)
      : pieces_(std::move(pieces)), at_once_(at_once), written_(written) {}

  http::Io Begin() override { return http::Io::kDone; }

  http::Io Peek(std::span<char> into, size_t& count) override {
    if (next_ == pieces_.size()) return http::Io::kClosed;
    if (!std::exchange(here_, true)) return http::Io::kWantRead;
    const std::string_view rest = std::string_view(pieces_[next_]).substr(taken_);
    count = std::min(into.size(), rest.size());
    std::copy_n(rest.begin(), count, into.begin());
    return http::Io::kDone;
  }
  void Skip(size_t count) override {
    taken_ += count;
    if (next_ == pieces_.size() || taken_ < pieces_[next_].size()) return;
    ++next_;
    taken_ = 0;
    here_ = false;
  }

  http::Io Read(std::span<char> into, size_t& count) override {
    const http::Io io = Peek(into, count);
    if (io == http::Io::kDone) Skip(count);
    return io;
  }

  http::Io Write(std::string_view first, std::string_view second, size_t& count) override {
    may_write_ = !may_write_;
    if (!may_write_) return http::Io::kWantWrite;
    const std::string all = std::string(first).append(second);
    count = std::min(at_once_, all.size());
    written_.append(all, 0, count);
    return http::Io::kDone;
  }

  void EndWriting() override {}
  http::Io Discard(size_t& count) override {
    std::array<char, 64> forgotten{};
    return Read(forgotten, count);
  }
  bool TakenByPeer(std::chrono::milliseconds /*patience*/) override { return true; }
  int descriptor() const override { return -1; }

 private:
  const std::vector<std::string> pieces_;
  const size_t at_once_;
  std::string& written_;
  size_t next_ = 0, taken_ = 0;
  bool here_ = false, may_write_ = false;
};

// As far as a loop and its workers go on with it: until it waits (kWait) or ends (kClose).
inline http::Connection::Next GoOn(http::Connection& connection) {
  using Next = http::Connection::Next;
  Next next = connection.Serve();
  for (; next != Next::kWait && next != Next::kClose; next = connection.Serve()) {
    if (next == Next::kWork) connection.Work();
  }
  return next;
}

}  // namespace thimble::test
