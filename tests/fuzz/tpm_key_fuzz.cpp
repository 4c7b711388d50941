// SPDX-License-Identifier: Apache-2.0
//
// What comes with a TPM's quote about its key, and an event log.
#include "tcb/tpm/event_log.h"
#include "tcb/tpm/key.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;

FUZZ_TARGET(input) {
  tpm::KeyEvidence key;
  for (const Status& read :
       {tpm::TakePublicKey(input, key), tpm::TakeCertificate(input, key), tpm::TakeChain(input, key)})
    Holds(read || read.error().kind == ErrorKind::kMalformed, "what is no key or certificate is malformed");
  const auto log = tpm::ParseEventLog(input);
  if (!log.ok()) {
    Holds(log.error().kind == ErrorKind::kMalformed, "a log that does not parse is malformed");
    return;
  }
  for (const auto& [bank, values] : tpm::Replay(*log)) {
    Holds(log->banks.contains(bank), "only banks of the log are replayed");
    for (const auto& [number, value] : values) Holds(number < tpm::kPcrCount, "a TPM has 32 PCRs at most");
  }
}
