// SPDX-License-Identifier: Apache-2.0
//
// What one verification came to. Verification alone makes it; whoever gets it afterwards (answer, signed result, metrics,
// audit, seen platforms) gets the same, and only reads it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/result.h"
#include "tcb/policy.h"
#include "tcb/verdict.h"

namespace thimble {

// One item that the verdict rests on.
struct UsedCollateral {
  std::string item;  // KeyName
  Digest256 sha256;
  Validity window;     // of the item alone
  std::string source;  // where the server has it from; empty for what was brought
  BroughtBy by = BroughtBy::kServer;
};

// What a nonce was compared with, and what that proves.
struct NonceOutcome {
  enum class Freshness : uint8_t {
    kIssuedHere,  // taken: it was issued here, has not expired, and will not be taken again
    kCallers,     // the caller's own: that it was not used before is for the caller to know
    kNone,        // a decision about another time, or a nonce that did not hold
  };
  Bytes expected;  // the nonce
  // What it was compared with: the 64 bytes of report data; the whole extraData of a TPM's quote.
  Bytes compared;
  bool in_tpm_quote = false;
  Freshness freshness = Freshness::kNone;
};
std::string_view FreshnessOfNonceName(NonceOutcome::Freshness freshness);  // "issued_here", "callers", "none"

// Either an error, with the checks that were made before it, or a verdict and the decision on it.
struct VerificationOutcome {
  std::optional<Error> error;
  Verdict verdict;
  Decision decision;

  std::optional<Instant> about;  // the time that was asked about; absent: now
  // How the collateral that was brought counted; absent: none was brought.
  std::optional<CallerCollateral> caller_collateral;
  std::vector<UsedCollateral> collateral;  // all that the verdict rests on
  // How long before verdict.at the first of it had ended, where the policy let that pass; 0: nothing had.
  Seconds grace_used{0};
  std::optional<NonceOutcome> nonce;  // where the request has one, and the evidence got so far

  static VerificationOutcome Failed(Error error, Verdict so_far = {});
  static VerificationOutcome Of(Verdict verdict);
};

// "now", or the time.
std::string AboutText(const std::optional<Instant>& about);

}  // namespace thimble
