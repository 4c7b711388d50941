// SPDX-License-Identifier: Apache-2.0
//
// Nonces for evidence that has to be fresh: POST /v1/challenge. A nonce carries its own expiry and a MAC, so nothing is
// kept until it comes back; then it is remembered until it expires, and never taken twice.
//
//   expiry (8 bytes, seconds, big endian)  random (8)  HMAC-SHA256 of both (the first 16)
#pragma once

#include <map>
#include <mutex>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

// Thread-safe. The secret lives as long as the process: a nonce from before a restart is a stranger's.
class Challenges {
 public:
  Challenges();

  struct Challenge {
    Bytes nonce;
    Instant expires{};
  };
  Challenge Issue(Instant now) const;

  // Whether the nonce is one of ours.
  bool Issued(ByteView nonce) const;
  // Takes one of ours, once. Errors (kRejected, nonce.mismatch): it has expired, or was taken before; also, when too many
  // wait to expire, any (kUnavailable).
  Status Take(ByteView nonce, Instant now);

 private:
  Bytes Mac(ByteView first) const;

  const Bytes secret_;
  std::mutex mutex_;
  std::multimap<Instant, Bytes> taken_;  // by expiry
};

}  // namespace thimble
