// SPDX-License-Identifier: Apache-2.0
//
// Where several replicas settle who takes a nonce, so that each is good once among all of them (service/shared/).
#pragma once

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

// Thread-safe. Errors (kUnavailable, store.io): it cannot be reached, or not in time.
class NonceLedger {
 public:
  virtual ~NonceLedger() = default;
  // What the replicas make nonces with; at hand once it was read, whatever is reached since.
  virtual Result<Bytes> Secret() = 0;
  // Whether nonces could be taken now: none is handed out that nobody could bring back. Does not wait.
  virtual Status Reachable() = 0;
  // True: nobody took it before. After an error nobody knows, and it may count as taken.
  virtual Result<bool> Take(ByteView nonce, Instant expires) = 0;
};

}  // namespace thimble
