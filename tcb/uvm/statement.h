// SPDX-License-Identifier: Apache-2.0
//
// A UVM endorsement as it is written down: COSE_Sign1 with its certificates, in the older form and as a hash envelope
// (spec/azure-containers.md sections 3.1 to 3.3). Nothing is verified here. Internal to tcb/uvm.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/cose/sign1.h"
#include "tcb/pki/certificate.h"
#include "tcb/uvm/claims.h"

namespace thimble::uvm {

// Views into the endorsement's bytes; valid as long as those.
struct Statement {
  cose::Sign1 message;  // with a payload
  Format format = Format::kLegacy;
  std::string issuer, feed;
  std::optional<Instant> signed_at;
  int64_t algorithm = 0;                // as the header says
  std::vector<CertificatePtr> x5chain;  // leaf first
};

// Malformed: uvm.format; uvm.chain of a certificate that cannot be read.
Result<Statement> ParseStatement(ByteView bytes);

struct Payload {
  Measurement measurement;
  uint32_t svn = 0;
};
// Rejected: uvm.payload.
Result<Payload> ReadPayload(const Statement& statement);

}  // namespace thimble::uvm
