// SPDX-License-Identifier: Apache-2.0
//
// What listening sides count: connections, and whom they could not let in. One for all sides of a server.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <mutex>

#include "service/support/token_bucket.h"

namespace thimble::http {

// Thread-safe.
struct ListenerCounts {
  std::atomic<int64_t> open{0};              // connections
  std::atomic<uint64_t> handshakes{0};       // of TLS that failed
  std::atomic<uint64_t> plain_http{0};       // of these, because plain HTTP came
  std::atomic<uint64_t> authentications{0};  // requests with a token that nobody was given
  std::atomic<int64_t> since{0};             // when it began to listen, as Unix time; 0: it does not
  std::atomic<int64_t> certificate_end{0};   // of the server's certificate, as Unix time; 0: plain HTTP

  // Whether one more warning is to be logged: strangers can cause them at will, and all are counted.
  bool MayWarn() {
    constexpr TokenRate kWarnings{.per_second = 1, .burst = 60};
    const std::lock_guard lock(mutex_);
    return warnings_.Take(kWarnings, std::chrono::steady_clock::now());
  }

 private:
  std::mutex mutex_;
  TokenBucket warnings_;
};

}  // namespace thimble::http
