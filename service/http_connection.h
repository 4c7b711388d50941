// SPDX-License-Identifier: Apache-2.0
//
// One connection: reads requests, calls the handler, writes answers, in turn, until either side is done.
#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "service/http_types.h"

namespace thimble::http {

// The bytes below HTTP: a socket, or TLS over one. Used by one thread at a time.
class Transport {
 public:
  virtual ~Transport() = default;
  // The number of bytes read, at least 1; 0 when nothing came within `patience`; nullopt when the peer has
  // closed or the connection is broken.
  virtual std::optional<size_t> Read(std::span<char> into, std::chrono::milliseconds patience) = 0;
  // Both pieces in one go; false when they could not be written within `patience`.
  virtual bool Write(std::string_view first, std::string_view second, std::chrono::milliseconds patience) = 0;
};

struct ConnectionLimits {
  std::chrono::milliseconds idle{60'000};  // between requests
  std::chrono::milliseconds head{10'000};  // the head, from its first byte on: a trickle does not extend it
  std::chrono::milliseconds body{15'000};  // the body, in all
  std::chrono::milliseconds write{15'000};
  size_t max_body = 2u << 20;
};

struct Peer {
  std::string address;
  bool admin = false;
};

// Returns when the connection is to be closed. `stopping` turned true ends it after the answer that is under
// way. An exception out of the handler is a 500: nothing escapes.
void ServeConnection(Transport& transport, const Peer& peer, const ConnectionLimits& limits,
                     const Handler& handler, const std::atomic<bool>& stopping);

}  // namespace thimble::http
