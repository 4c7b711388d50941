// SPDX-License-Identifier: Apache-2.0
//
// The bytes below HTTP: a socket, or TLS over one.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "tcb/base/bytes.h"

namespace thimble::http {

// What a call came to that does not wait. After kWant* it is to be made again once the descriptor can be read, or
// written to.
enum class Io : uint8_t { kDone, kWantRead, kWantWrite, kClosed };

// Used by one thread at a time, but for MayRead() beside TakenByPeer().
class Transport {
 public:
  virtual ~Transport() = default;

  // Something has come since the last read that came short, or (`ended`) nothing more will. Until then reading is not
  // tried again.
  virtual void MayRead(bool /*ended*/) {}
  // TLS's handshake; before anything else, until it is kDone.
  virtual Io Begin() = 0;
  // Before Begin(), below TLS: what has come, which stays unread; kDone: `count` bytes, at least 1.
  virtual Io Peek(std::span<char> into, size_t& count) = 0;
  // So many of them are read; they have been seen.
  virtual void Skip(size_t count) = 0;
  // kDone: `count` bytes, at least 1. Always made until it wants something before the descriptor is waited on: bytes
  // may have been read from there already.
  virtual Io Read(std::span<char> into, size_t& count) = 0;
  // As much of both pieces as goes at once; kDone: `count` bytes of them, at least 1. What did not go is given again,
  // unchanged.
  virtual Io Write(std::string_view first, std::string_view second, size_t& count) = 0;
  // Nothing more will be written.
  virtual void EndWriting() = 0;
  // Reads and forgets what has come; kDone: `count` bytes.
  virtual Io Discard(size_t& count) = 0;

  // The one call that waits, at most for `patience`. Ends what we write. True once the peer has read all of it and ended
  // its side; false when it is gone without, or did not in time.
  virtual bool TakenByPeer(std::chrono::milliseconds patience) = 0;

  virtual int descriptor() const = 0;  // to wait on
  // Why Begin() came to kClosed; empty: the peer went away. After plain HTTP, what is written is plain, too.
  struct Failure {
    std::string why;
    bool plain_http = false;
  };
  virtual Failure failure() const { return {}; }
  virtual bool encrypted() const { return false; }
  // SHA-256 of the certificate that the peer has shown, verified; after Begin().
  virtual std::optional<Digest256> PeerCertificate() const { return std::nullopt; }
};

}  // namespace thimble::http
