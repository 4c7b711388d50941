// SPDX-License-Identifier: Apache-2.0
//
// Nonces for evidence that has to be fresh: POST /v1/challenge. A nonce carries its own expiry and a MAC, so nothing is
// kept until it comes back; then it is remembered until it expires, and never taken twice: here, or with replicas in the
// ledger that they share, which has their secret too.
//
//   expiry (8 bytes, seconds, big endian)  random (8)  HMAC-SHA256 of both (the first 16)
#pragma once

#include <map>
#include <mutex>

#include "service/verification/nonce_ledger.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

// Thread-safe. Without a ledger the secret lives as long as the process: a nonce from before a restart is a stranger's.
class Challenges {
 public:
  // `ledger`, or null, outlives it.
  explicit Challenges(NonceLedger* ledger = nullptr);

  struct Challenge {
    Bytes nonce;
    Instant expires{};
  };
  // Errors: as NonceLedger.
  Result<Challenge> Issue(Instant now) const;

  // Whether the nonce is one of ours. Errors, of one that looks like the replicas': it must not pass as a stranger's.
  // (kUnavailable) their secret was never read; (kRejected, nonce.mismatch) it was not made with it.
  Result<bool> Issued(ByteView nonce, Instant now) const;
  // Takes one of ours, once. Errors (kRejected, nonce.mismatch): it has expired, or was taken before; (kUnavailable): too
  // many wait to expire, or as NonceLedger.
  Status Take(ByteView nonce, Instant now);

 private:
  Result<Bytes> Secret() const;
  Result<bool> TakeHere(ByteView nonce, Instant expires, Instant now);

  NonceLedger* const ledger_;
  const Bytes own_secret_;
  std::mutex mutex_;
  std::multimap<Instant, Bytes> taken_;  // by expiry
};

}  // namespace thimble
