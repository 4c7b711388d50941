// SPDX-License-Identifier: Apache-2.0
#include "service/verification/outcome.h"

namespace thimble {

std::string_view FreshnessOfNonceName(NonceOutcome::Freshness freshness) {
  switch (freshness) {
    case NonceOutcome::Freshness::kIssuedHere:
      return "issued_here";
    case NonceOutcome::Freshness::kCallers:
      return "callers";
    case NonceOutcome::Freshness::kNone:
      break;
  }
  return "none";
}

VerificationOutcome VerificationOutcome::Failed(Error error, Verdict so_far) {
  VerificationOutcome outcome;
  outcome.error = std::move(error);
  outcome.verdict = std::move(so_far);
  return outcome;
}

VerificationOutcome VerificationOutcome::Of(Verdict verdict) {
  VerificationOutcome outcome;
  outcome.verdict = std::move(verdict);
  return outcome;
}

std::string AboutText(const std::optional<Instant>& about) {
  return about ? FormatRfc3339(*about) : std::string("now");
}

}  // namespace thimble
