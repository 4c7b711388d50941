// SPDX-License-Identifier: Apache-2.0
//
// Verification of SEV-SNP reports: endorsements from evidence, caller and cache, and the status by a local floor.
#include <algorithm>

#include "service/verification/verification.h"
#include "tcb/amd/floor.h"
#include "tcb/amd/hcl.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/verify.h"

namespace thimble {

using Outcome = VerificationOutcome;

namespace {

// The chain that is held, or the one that the VCEK came with: then it is held from here on. Null: the VCEK's own will do.
ItemPtr ChainBeside(const CollateralItem& vcek, const CollateralKey& chain, CollateralCache& cache,
                    Instant now) {
  if (const auto held = cache.Peek(chain, now)) return held->item;
  const std::string pem = vcek.issuer_chain();
  const ByteView bytes = AsBytes(pem);
  const auto taken = cache.Put(chain, {{Bytes(bytes.begin(), bytes.end()), ""}, vcek.source()}, now, false);
  return taken ? *taken : nullptr;
}

// What is brought is judged as it is by whom the policy lets, and about another time; about now it is a hint.
amd::EndorsementSet Counting(const VerificationRequest& request) {
  const bool as_it_is = request.at || ModeOf(request) == CallerCollateral::kAny;
  return as_it_is ? request.endorsements : amd::AsHints(request.endorsements);
}

}  // namespace

// What was sought, and why there is no CRL: with a CRL that came with the evidence that is no error.
struct Verification::SoughtEndorsements {
  amd::CachedEndorsements cached;
  std::optional<CollateralKey> crl_key;
  std::optional<Error> crl_error;
};

Verification::Judged Verification::RunSnp(const VerificationRequest& request, ByteView report, Instant at,
                                          const Addition& addition) {
  const auto floor = floors_(request.baseline.amd, request.at);
  if (!floor) return Outcome::Failed(floor.error());
  auto begun =
      amd::SnpVerification::Begin(report, Counting(request), request.product, anchors_, at, &amd_memo_);
  if (!begun) return Outcome::Failed(std::move(begun).error());
  Verdict so_far = begun->verdict();
  if (addition) addition(so_far);
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));

  const Policy& policy = request.policy->For(EvidenceClass::kSnp);
  const auto sought = Seek(*begun, request, policy.amd_crl);
  if (!sought) return Outcome::Failed(sought.error(), std::move(so_far));
  if (!request.at && begun->knows_newer_crl(sought->cached))
    cache_->RefreshSoon(*sought->crl_key, clock_.Now());
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
  // One answer upstream has VCEK and chain. Of another time, each is looked for by itself.
  const auto of_kind = [](ItemKind kind) {
    return [kind](const CollateralKey& key) { return KindOf(key) == kind; };
  };
  const auto chain = std::ranges::find_if(keys, of_kind(ItemKind::kAmdChain));
  std::optional<CollateralKey> beside;
  if (!request.at && chain != keys.end() && std::ranges::any_of(keys, of_kind(ItemKind::kVcek))) {
    beside = *chain;
    keys.erase(chain);
  }
  auto items = Items(keys, request.at);
  for (size_t i = 0; i < keys.size(); ++i) {
    auto& item = items.at(i);
    const ItemKind kind = KindOf(keys.at(i));
    if (kind == ItemKind::kAmdCrl) {
      sought.crl_key = keys.at(i);
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
  if (beside) sought.cached.chain = ChainBeside(*sought.cached.vcek, *beside, *cache_, clock_.Now());
  if (const auto vcek = begun.also_needed(sought.cached)) {
    TRY_ASSIGN(sought.cached.vcek, Item(*vcek, request.at));
  }
  return sought;
}

}  // namespace thimble
