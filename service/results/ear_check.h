// SPDX-License-Identifier: Apache-2.0
//
// What a relying party holds the claims of an EAR to, after its signature.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/results/ear.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

// Who asks a verifier may choose the policy and the baseline, and may be the one that is judged: so a token of another
// policy or baseline than these says nothing.
struct EarExpectation {
  std::string issuer{kDefaultIssuer};
  std::string policy = "default";
  std::optional<Digest256> policy_digest;
  std::string baseline = "default";
  std::optional<uint32_t> baseline_version;
  std::optional<std::string> nonce;  // base64url
};
// "NAME" or "NAME@DIGEST" (64 hex digits, "sha256:" before them or not), and "NAME" or "NAME@VERSION", into the expectation.
// Errors: kMalformed (request.invalid).
Status ExpectPolicy(std::string_view text, EarExpectation& expected);
Status ExpectBaseline(std::string_view text, EarExpectation& expected);

struct EarSummary {
  Tier status = Tier::kNone;  // the worst of its submodules
  std::string policy, baseline, token_id;
  Instant issued{}, expires{};
};
// Errors: kMalformed (evidence.format) for what is no EAR; kRejected (evidence.format) for another profile, issuer or nonce
// than expected, a time outside its window, a life of more than a day, and when any submodule has another policy or
// baseline or a status better than its vector.
Result<EarSummary> CheckEar(std::string_view claims, Instant now, const EarExpectation& expected);

}  // namespace thimble
