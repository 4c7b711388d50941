// SPDX-License-Identifier: Apache-2.0
//
// Open Enclave's reports, evidence and certificates; custom claims; oe_endorsements.
#include "tcb/base/crypto.h"
#include "tcb/check.h"
#include "tcb/intel/quote.h"
#include "tcb/openenclave/endorsements.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/verify.h"
#include "tests/fuzz/fuzz.h"

using namespace thimble;
using fuzz::Holds;
using fuzz::Inside;

namespace {

void JudgeUnsigned(const openenclave::Evidence& evidence) {
  const auto quote = intel::ParseQuote(evidence.quote);
  Holds(quote.ok() && quote->trailing_bytes == 0, "the quote is exactly one quote");
  Verdict verdict;
  if (const auto* sgx = std::get_if<intel::SgxClaims>(&quote->body)) verdict.claims = *sgx;
  if (const auto* tdx = std::get_if<intel::TdxClaims>(&quote->body)) verdict.claims = *tdx;
  openenclave::CheckOpenEnclave(verdict, evidence);
  Holds(verdict.open_enclave != nullptr, "the verdict says how the quote came");
  const auto& custom = verdict.open_enclave->custom_claims;
  Holds(custom.has_value() == evidence.custom_claims.has_value(),
        "custom claims are where there is room for them");
  if (!custom) return;
  const bool bound = verdict.checks.Get(Check::kOeCustomClaims) == CheckResult::kPassed;
  Holds(Sha256(*evidence.custom_claims) == custom->sha256, "the digest is that of the exact bytes");
  Holds(bound ? custom->bytes.size() == custom->size : custom->bytes.empty() && custom->list.empty(),
        "claims that nothing binds are not shown");
}

}  // namespace

FUZZ_TARGET(input) {
  (void)openenclave::ParseCustomClaims(input);
  const auto endorsements = openenclave::ParseEndorsements(input);
  if (!endorsements.ok())
    Holds(endorsements.error().check == Check::kOeEndorsements, "endorsements have one name");
  if (openenclave::LooksLikeEvidenceCertificate(input)) (void)openenclave::ReadEvidenceCertificate(input);

  const bool recognised = openenclave::IsOpenEnclave(input);
  const auto kind = DetectEvidence(input);
  Holds(recognised == (kind.ok() && *kind == EvidenceKind::kOpenEnclave), "what is recognised is detected");
  const auto evidence = openenclave::ParseEvidence(input);
  if (!evidence.ok()) {
    Holds(evidence.error().kind == ErrorKind::kMalformed, "evidence that does not parse is malformed");
    return;
  }
  Holds(Inside(evidence->quote, input), "the quote lies inside the evidence");
  if (evidence->custom_claims) Holds(Inside(*evidence->custom_claims, input), "so do custom claims");
  JudgeUnsigned(*evidence);
}
