// SPDX-License-Identifier: Apache-2.0
//
// CBOR, COSE_Sign1, UVM endorsements with their receipts, did:x509.
#include "tcb/check.h"
#include "tcb/cose/sign1.h"
#include "tcb/didx509/did.h"
#include "tcb/uvm/container.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

FUZZ_TARGET(input) {
  (void)didx509::ParseDid(AsText(input), Check::kUvmDid);
  (void)cbor::Parse(input, "input", Check::kUvmFormat);
  const auto message = cose::ParseSign1(input, "input", Check::kUvmFormat);
  if (message.ok()) {
    Holds(Inside(message->protected_bytes, input), "the protected header lies inside the message");
    Holds(Inside(message->signature, input), "so does the signature");
  }
  const uvm::LedgerKey key{.kid = "k", .point = Bytes(96, 1)};
  const auto judged = uvm::JudgeEndorsement(input, {&key, 1}, nullptr);
  if (!judged.ok()) {
    Holds(judged.error().kind == ErrorKind::kMalformed, "what cannot be read is malformed");
    return;
  }
  Holds(message.ok(), "an endorsement is a message");
  Holds(judged->endorsement.has_value() == !judged->failed.has_value(), "claims are of what holds");
}
