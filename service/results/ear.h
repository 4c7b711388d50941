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
// Never better than the worst claim, and contraindicated when the policy rejects.
Tier StatusOf(const ResultView& result);

struct EarContext {
  Instant now{};
  std::string token_id;              // `jti`
  std::optional<std::string> nonce;  // `eat_nonce`, base64url
};
// The claims set: valid for 5 minutes, and no longer than the collateral that was used.
std::string EarClaims(const ResultView& result, const EarContext& context);

// What a relying party holds a token's claims to, after its signature.
struct EarSummary {
  Tier status = Tier::kNone;  // the worst of its submodules
  std::string policy, token_id;
  Instant issued{}, expires{};
};
// Errors: kMalformed (evidence.format) for what is no EAR; kRejected (evidence.format) for another profile, a time outside
// its window, another nonce than the one expected, a status better than its vector.
Result<EarSummary> CheckEar(std::string_view claims, Instant now, const std::optional<std::string>& nonce);

}  // namespace thimble
