// SPDX-License-Identifier: Apache-2.0
//
// Verification of SEV-SNP reports: endorsements from evidence, caller and cache, and the status by a local floor.
#include "service/verification/verification.h"
#include "tcb/amd/floor.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/verify.h"

namespace thimble {

using Outcome = VerificationOutcome;

// What was sought, and why there is no CRL: with a CRL that came with the evidence that is no error.
struct Verification::SoughtEndorsements {
  amd::CachedEndorsements cached;
  std::optional<Error> crl_error;
};

Outcome Verification::RunSnp(const VerificationRequest& request, ByteView report, Instant at,
                             const Addition& addition) {
  const auto floor = floors_.Get(request.baseline.amd);
  if (!floor) return Outcome::Failed(floor.error());
  auto begun =
      amd::SnpVerification::Begin(report, request.endorsements, request.product, anchors_, at, &amd_memo_);
  if (!begun) return Outcome::Failed(std::move(begun).error());
  Verdict so_far = begun->verdict();
  if (addition) addition(so_far);
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));

  const Policy& policy = request.policy.For(EvidenceClass::kSnp);
  const auto sought = Seek(*begun, request, policy.amd_crl);
  if (!sought) return Outcome::Failed(sought.error(), std::move(so_far));
  auto verdict = std::move(begun).value().Finish(sought->cached, policy.amd_crl);
  if (!verdict) {
    Error error = std::move(verdict).error();
    if (error.check == Check::kSnpCrlMissing && sought->crl_error) {
      error.message += StrCat("; ", sought->crl_error->message);
    }
    return Outcome::Failed(std::move(error), std::move(so_far));
  }
  if (addition) addition(*verdict);
  amd::ApplyFloors(*verdict, *floor, policy.amd_level, policy.amd_floor);
  return Outcome::Of(std::move(verdict).value());
}

Result<amd::CachedEndorsements> Verification::GatherEndorsements(const VerificationRequest& request) {
  ByteView report = request.evidence;
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(request.evidence));
  if (kind == EvidenceKind::kHclReport) {
    TRY_ASSIGN(const amd::HclReport hcl, amd::ParseHclReport(request.evidence));
    if (hcl.type != amd::HclReportType::kSnp) {
      return Error{ErrorKind::kMalformed, Check::kRequest,
                   "an HCL report of a TD holds no quote: send the TD's quote itself"};
    }
    report = hcl.hardware_report;
  }
  const Instant at = request.at.value_or(clock_.Now());
  TRY_ASSIGN(const auto begun, amd::SnpVerification::Begin(report, request.endorsements, request.product,
                                                           anchors_, at, &amd_memo_));
  if (const Finding* hard = begun.verdict().hard()) {
    return Error{ErrorKind::kRejected, hard->check, hard->message};
  }
  TRY_ASSIGN(auto sought, Seek(begun, request, AmdCrlMode::kRequire));
  if (sought.crl_error) return *std::move(sought.crl_error);
  return std::move(sought.cached);
}

Result<Verification::SoughtEndorsements> Verification::Seek(const amd::SnpVerification& begun,
                                                            const VerificationRequest& request,
                                                            AmdCrlMode mode) {
  SoughtEndorsements sought;
  if (cache_ == nullptr) return sought;
  TRY_ASSIGN(auto keys, begun.needed());
  if (mode == AmdCrlMode::kOff) {
    std::erase_if(keys, [](const CollateralKey& key) { return KindOf(key) == ItemKind::kAmdCrl; });
  }
  auto items = Items(keys, request.at);
  for (size_t i = 0; i < keys.size(); ++i) {
    auto& item = items.at(i);
    const ItemKind kind = KindOf(keys.at(i));
    if (kind == ItemKind::kAmdCrl) {
      if (item) {
        sought.cached.crl = *item;
      } else {
        sought.crl_error = item.error();
      }
      continue;
    }
    TRY(item);
    (kind == ItemKind::kVcek ? sought.cached.vcek : sought.cached.chain) = *item;
  }
  return sought;
}

}  // namespace thimble
