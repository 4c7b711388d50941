// SPDX-License-Identifier: Apache-2.0
//
// The attestation result as a signed token: EAR, the EAT attestation result of Veraison (spec/attestation-results.md
// section 1; draft-ietf-rats-ear).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "service/results/render.h"
#include "tcb/base/time.h"

namespace thimble {

inline constexpr std::string_view kEarProfile = "tag:github.com,2023:veraison/ear";
inline constexpr std::string_view kDefaultIssuer = "Thimble";

// How far a claim or a result can be trusted (AR4SI).
enum class Tier : uint8_t { kNone, kAffirming, kWarning, kContraindicated };
std::string_view TierName(Tier tier);
std::optional<Tier> TierFromName(std::string_view name);
Tier TierOf(int value);  // of one claim's value, -128 to 127

// Claims of the vector that nothing is known of are absent.
struct TrustVector {
  std::optional<int> instance_identity, configuration, executables, hardware, runtime_opaque;
  Tier worst() const;
};
TrustVector TrustVectorOf(const ResultView& result);
// Never better than the worst claim; at most a warning where grace was used; contraindicated when the policy rejects.
Tier StatusOf(const ResultView& result);

// How long a token lives at most.
inline constexpr Seconds kEarLife{300};
// The end of a token about this result, which is issued at verdict.at: at most 5 minutes later, never after the earliest
// end of what the decision rests on (collateral, certificates, tolerances of the policy). What had ended before, and the
// policy let pass, bounds nothing more: the token says so, and is at most `warning`.
Instant EarExpiry(const ResultView& result);

struct EarContext {
  std::string token_id;  // `jti`
  std::string issuer{kDefaultIssuer};
  std::optional<std::string> nonce;  // `eat_nonce`, base64url
};
// The claims set. What it is about has to be now.
std::string EarClaims(const ResultView& result, const EarContext& context);

}  // namespace thimble
