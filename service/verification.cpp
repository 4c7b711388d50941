// SPDX-License-Identifier: Apache-2.0
#include "service/verification.h"

#include <future>

#include "service/evaluation.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

constexpr size_t kMaxChain = 8;

VerificationOutcome Failed(Error error, Verdict so_far = {}) {
  return {.error = std::move(error), .verdict = std::move(so_far), .decision = {}};
}

Error NamingItem(const CollateralKey& key, Error error) {
  error.message = StrCat(KeyName(key), ": ", error.message);
  return error;
}

// The newest version that was in force at that time: valid then, and already issued.
const ItemPtr* InForce(const std::vector<ItemPtr>& newest_first, Instant at) {
  for (const ItemPtr& item : newest_first) {
    if (item->window().Contains(at)) return &item;
  }
  return nullptr;
}

}  // namespace

std::array<CollateralKey, 4> KeysFor(const intel::NeededCollateral& needed, const Selector& selector) {
  const EnclaveId enclave = needed.tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe;
  return {RootCaCrlKey{}, PckCrlKey{needed.ca}, TcbInfoKey{needed.tee, needed.fmspc, selector},
          EnclaveIdentityKey{enclave, selector}};
}

VerificationOutcome Verification::Run(const VerificationRequest& request) {
  const Instant at = request.at.value_or(clock_.Now());
  const auto kind = DetectEvidence(request.evidence);
  if (!kind) return Failed(kind.error());
  if (*kind != EvidenceKind::kQuote) {
    return Failed({ErrorKind::kMalformed, Check::kEvidenceFormat, "evidence: not an SGX or TDX quote"});
  }
  VerificationOutcome outcome = RunQuote(request, at);
  if (outcome.error) return outcome;
  if (request.report_data) CheckReportData(outcome.verdict, *request.report_data);
  outcome.decision = Appraise(outcome.verdict, request.policy, at);
  NoteSeen(request, outcome.verdict);
  return outcome;
}

// A decision that is repeated for another time is no sighting.
void Verification::NoteSeen(const VerificationRequest& request, const Verdict& verdict) {
  if (seen_ == nullptr || request.at) return;
  if (const auto tcb = TcbOf(verdict)) seen_->Note(*tcb, clock_.Now());
}

VerificationOutcome Verification::RunQuote(const VerificationRequest& request, Instant at) {
  if (!request.collateral) return RunQuoteFromCache(request, at);
  auto verdict = intel::VerifyQuoteWith(request.evidence, *request.collateral, anchors_, at, &memo_);
  if (!verdict) return Failed(std::move(verdict).error());
  return {.error = {}, .verdict = std::move(verdict).value(), .decision = {}};
}

VerificationOutcome Verification::RunQuoteFromCache(const VerificationRequest& request, Instant at) {
  auto begun = Begin(request.evidence, at);
  if (!begun) return Failed(std::move(begun).error());
  if (begun->failed()) return {.error = {}, .verdict = begun->verdict(), .decision = {}};

  const auto collateral = Collect(begun->needed(), request);
  if (!collateral) return Failed(collateral.error(), begun->verdict());
  return {.error = {}, .verdict = std::move(begun).value().Finish(*collateral), .decision = {}};
}

Result<intel::QuoteVerification> Verification::Begin(ByteView evidence, Instant at) {
  auto begun = intel::QuoteVerification::Begin(evidence, "", anchors_, at, &memo_, nullptr);
  if (begun.ok() || begun.error().check != Check::kPckMissing || !pck_chain_) return begun;
  TRY_ASSIGN(const std::string chain, PckChainOf(evidence));
  return intel::QuoteVerification::Begin(evidence, chain, anchors_, at, &memo_, nullptr);
}

// The quote's own; or the one that is found by what the quote holds instead (certification data 1 to 3).
Result<std::string> Verification::PckChainOf(ByteView evidence) const {
  TRY_ASSIGN(const intel::Quote quote, intel::ParseQuote(evidence));
  if (quote.certification_type == intel::CertificationDataType::kPckChain) {
    TRY_ASSIGN(const auto ders,
               DecodePem(AsText(quote.certification_data), "CERTIFICATE", kMaxChain, Check::kQuoteFormat));
    std::string chain;
    for (const Bytes& der : ders) chain += EncodePem(der, "CERTIFICATE");
    return chain;
  }
  const auto lookup = intel::ParsePckLookup(quote);
  // The short form names no PCE: there has only been number 0.
  const auto pce_id = lookup ? lookup->pce_id.value_or(intel::PceId()) : intel::PceId();
  const auto platform = lookup ? intel::PlatformId::From(lookup->qe_id.hex(), pce_id) : std::nullopt;
  if (platform && pck_chain_) return pck_chain_(*platform, {lookup->cpu_svn, lookup->pce_svn});
  return Error{ErrorKind::kUnavailable, Check::kPckMissing,
               StrCat("certification data type ", static_cast<int>(quote.certification_type),
                      " names no platform to find a PCK certificate by")};
}

Result<intel::VerifiedCollateral> Verification::Gather(const VerificationRequest& request) {
  TRY_ASSIGN(const auto begun, Begin(request.evidence, request.at.value_or(clock_.Now())));
  if (const Finding* hard = begun.verdict().hard()) {
    return Error{ErrorKind::kRejected, hard->check, hard->message};
  }
  TRY_ASSIGN(auto collateral, Collect(begun.needed(), request));
  TRY_ASSIGN(collateral.pck_chain, PckChainOf(request.evidence));
  return collateral;
}

// All four at the same time: the budget for upstream work is one request's, not one item's.
Result<intel::VerifiedCollateral> Verification::Collect(const intel::NeededCollateral& needed,
                                                        const VerificationRequest& request) {
  if (cache_ == nullptr) {
    return Error{ErrorKind::kUnavailable, Check::kCollateralMissing,
                 "no collateral given, and no cache to ask"};
  }
  TRY_ASSIGN(const Selector selector,
             SelectorOf(request.baseline.intel, needed.tee, *cache_, request.at.value_or(clock_.Now()),
                        request.at ? ListOf::kThen : ListOf::kNow));
  const auto keys = KeysFor(needed, selector);
  std::array<std::future<Result<ItemPtr>>, 4> items;
  for (size_t i = 0; i < keys.size(); ++i) {
    // What is held is answered on this thread, when it is asked for below.
    const bool held = request.at || cache_->Peek(keys.at(i), clock_.Now());
    items.at(i) = std::async(held ? std::launch::deferred : std::launch::async,
                             [this, &key = keys.at(i), &at = request.at] { return Item(key, at); });
  }
  std::array<ItemPtr, 4> found;
  std::optional<Error> missing;
  for (size_t i = 0; i < keys.size(); ++i) {
    auto item = items.at(i).get();
    if (item) {
      found.at(i) = *item;
    } else if (!missing) {
      missing = NamingItem(keys.at(i), item.error());
    }
  }
  if (missing) return *missing;
  return intel::VerifiedCollateral{found[0], found[1], found[2], found[3], {}};
}

Result<ItemPtr> Verification::Item(const CollateralKey& key, const std::optional<Instant>& at) {
  if (at) {  // history or nothing: today's collateral says nothing about another day
    const std::vector<ItemPtr> history = cache_->History(key);
    if (const ItemPtr* item = InForce(history, *at)) return *item;
    return Error{ErrorKind::kUnavailable, Check::kCollateralMissing,
                 StrCat("no version that was in force at ", FormatRfc3339(*at), " is kept")};
  }
  auto answer = cache_->Get(key, clock_.Now());
  if (!answer) return std::move(answer).error();
  return answer->item;
}

}  // namespace thimble
