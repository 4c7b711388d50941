// SPDX-License-Identifier: Apache-2.0
//
// Evidence that no TEE made: a TPM's quote, a VBS enclave's report. It rests on certificates alone, which come with it.
#include "service/verification/verification.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/tpm/verify.h"
#include "tcb/vbs/verify.h"

namespace thimble {
namespace {

using Outcome = VerificationOutcome;

Error Refused(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

// No member of a request is silently ignored.
Status CheckAlone(const VerificationRequest& request, std::string_view evidence) {
  const auto refuse = [&](bool given, std::string_view name) {
    return given ? Status(Refused(StrCat(name, ": does not go with ", evidence))) : Status();
  };
  TRY(refuse(request.collateral.has_value(), "collateral"));
  TRY(refuse(!request.endorsements.empty(), "endorsements"));
  TRY(refuse(request.product.has_value(), "product"));
  TRY(refuse(request.uvm_endorsement.has_value(), "uvm_endorsement"));
  TRY(refuse(request.security_policy.has_value(), "security_policy"));
  return refuse(request.td_quote.has_value(), "td_quote");
}

// What is judged is what was handed over as the evidence: records and results name that.
Status CheckIsTheEvidence(ByteView evidence, const tpm::Quote& quote) {
  if (Equal(evidence, quote.message)) return {};
  return Refused(StrCat("tpm_quote: its message has SHA-256 ", Sha256(quote.message).hex(),
                        ", and the evidence is another one, with ", Sha256(evidence).hex()));
}

Status CheckTpmFits(const VerificationRequest& request) {
  constexpr std::string_view kEvidence = "a TPM's quote, which has no report data";
  TRY(CheckAlone(request, kEvidence));
  if (request.report_data || request.runtime_data || !request.vbs.empty())
    return Refused(StrCat("report_data, runtime_data and signer: do not go with ", kEvidence));
  if (!request.tpm_quote) {
    return Error{ErrorKind::kMalformed, Check::kTpmFormat,
                 "the message of a TPM's quote alone: hand it over in JSON, with its signature and the key's "
                 "certificate, as {\"tpm_quote\": {\"message\", \"signature\", \"pcrs\"}, \"ak_cert\"}"};
  }
  return CheckIsTheEvidence(request.evidence, *request.tpm_quote);
}

Status CheckVbsFits(const VerificationRequest& request) {
  TRY(CheckAlone(request, "the report of a VBS enclave"));
  if (request.nonce)
    return Refused(
        "nonce: a VBS enclave's report holds none; what binds it is EnclaveData, by report_signed");
  if (request.tpm_quote || !request.tpm_key.empty())
    return Refused("tpm_quote and ak_cert: do not go with the report of a VBS enclave");
  return {};
}

}  // namespace

tpm::Context Verification::ContextOf(const VerificationRequest& request, Instant at) {
  const Policy& policy = request.policy->For(EvidenceClass::kTpm);
  return {.anchors = anchors_,
          .at = at,
          .memo = &amd_memo_,
          .allow_uncertified_key = policy.tpm.allow_uncertified_ak};
}

Verification::Judged Verification::RunTpm(const VerificationRequest& request, Instant at) {
  if (const Status fits = CheckTpmFits(request); !fits) return Outcome::Failed(fits.error());
  return Outcome::Of(
      tpm::VerifyQuote(*request.tpm_quote, request.tpm_key, request.nonce, ContextOf(request, at)));
}

Verification::Judged Verification::RunVbs(const VerificationRequest& request, Instant at) {
  if (const Status fits = CheckVbsFits(request); !fits) return Outcome::Failed(fits.error());
  const auto report = vbs::ParseReport(request.evidence);
  if (!report) return Outcome::Failed(report.error());
  auto verdict = vbs::VerifyReport(*report, request.vbs, anchors_, at, &amd_memo_);
  return verdict ? Outcome::Of(std::move(verdict).value()) : Outcome::Failed(std::move(verdict).error());
}

}  // namespace thimble
