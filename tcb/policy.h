// SPDX-License-Identifier: Apache-2.0
//
// Appraisal policy (RFC 9334): is an authentic verdict acceptable? Pure: a verdict, a policy, a time.
#pragma once

#include <string>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/verdict.h"

namespace thimble {

enum class AmdCrlMode : uint8_t { kRequire, kIfAvailable, kOff };
enum class AmdFloorMode : uint8_t { kRequire, kIfKnown };

// Defaults are the safe ones. `[policy.NAME]` in the configuration has a key for each field, of the same
// name.
struct Policy {
  std::string id = "default";
  Digest256 sha256;  // of the text it was read from: `policy.sha256` in the result
  std::vector<TcbStatus> accepted_statuses = {TcbStatus::kUpToDate};  // never kRevoked
  uint32_t min_tcb_evaluation = 0;                                    // on TCB info and on identity, each
  bool allow_debug = false;                                           // SGX, TDX and SNP
  bool allow_migration = false;                                       // SNP MIGRATE_MA
  Seconds collateral_grace{0};  // how long past its window an item is still taken
  AmdCrlMode amd_crl = AmdCrlMode::kRequire;
  AmdFloorMode amd_floor = AmdFloorMode::kRequire;
};

// One rule's outcome. `wanted` and `found` are complete JSON values.
struct RuleOutcome {
  std::string rule;  // "accepted_statuses", ...; the check is "policy.<rule>"
  std::string wanted, found;
  bool ok = false;
};

struct Decision {
  bool accept = false;
  std::vector<RuleOutcome> rules;
};

// Accepts only when the verdict is authentic, no finding is hard, every rule holds, and every soft finding is
// allowed by a rule (or is only a note: quote.trailing_bytes, trust_anchor.extra). Soft findings of expiry
// are allowed up to collateral_grace past the item's window; not-yet-valid and not-yet-issued never are.
Decision Appraise(const Verdict& verdict, const Policy& policy, Instant at);

}  // namespace thimble
