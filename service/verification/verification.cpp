// SPDX-License-Identifier: Apache-2.0
#include "service/verification/verification.h"

#include <algorithm>
#include <future>

#include "service/baselines/evaluation.h"
#include "service/upstreams/miss_budgets.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

using Outcome = VerificationOutcome;

constexpr size_t kMaxChain = 8;

Error NamingItem(const CollateralKey& key, Error error) {
  error.message = StrCat(KeyName(key), ": ", error.message);
  return error;
}

Status GoesOnlyWith(std::string_view evidence, bool fits, bool given, std::string_view name) {
  if (!given || fits) return {};
  return Error{ErrorKind::kMalformed, Check::kRequest, StrCat(name, ": goes only with ", evidence)};
}

// Where no TPM quote carries it, the nonce is the report data, followed by zeros.
Status CheckNonce(const VerificationRequest& request) {
  if (!request.nonce) return {};
  const auto refuse = [](std::string_view why) {
    return Error{ErrorKind::kMalformed, Check::kRequest, StrCat("nonce: ", why)};
  };
  if (request.report_data || request.runtime_data)
    return refuse("is what the report data has to be: it goes with neither report_data nor runtime_data");
  if (request.nonce->size() < 8 || request.nonce->size() > intel::ReportData::kSize)
    return refuse("must have 8 to 64 bytes");
  return {};
}

// No member of a request is silently ignored: each has evidence that it goes with.
Status CheckFits(const VerificationRequest& request, bool quote, bool snp, bool hcl) {
  TRY(GoesOnlyWith("a quote", quote, request.collateral.has_value(), "collateral"));
  TRY(GoesOnlyWith("an SNP report", snp, !request.endorsements.empty(), "endorsements"));
  TRY(GoesOnlyWith("an SNP report", snp, request.product.has_value(), "product"));
  TRY(GoesOnlyWith("the HCL report of a TD", hcl && !snp, request.td_quote.has_value(), "td_quote"));
  TRY(GoesOnlyWith("an HCL report", hcl, request.tpm_quote.has_value(), "tpm_quote"));
  return hcl ? Status() : CheckNonce(request);
}

}  // namespace

std::array<CollateralKey, 4> KeysFor(const intel::NeededCollateral& needed, const Selector& selector) {
  const EnclaveId enclave = needed.tee == IntelTee::kTdx ? EnclaveId::kTdQe : EnclaveId::kQe;
  return {RootCaCrlKey{}, PckCrlKey{needed.ca}, TcbInfoKey{needed.tee, needed.fmspc, selector},
          EnclaveIdentityKey{enclave, selector}};
}

Outcome Verification::Run(const VerificationRequest& request) {
  Outcome outcome = Decide(request);
  if (watcher_) watcher_(request, outcome);
  return outcome;
}

Outcome Verification::Decide(const VerificationRequest& request) {
  const Instant at = request.at.value_or(clock_.Now());
  Outcome outcome = Judge(request, at);
  if (outcome.error) return outcome;
  if (request.report_data) CheckReportData(outcome.verdict, *request.report_data);
  if (request.runtime_data) CheckRuntimeData(outcome.verdict, *request.runtime_data);
  outcome.decision = Appraise(outcome.verdict, request.policy, at);
  NoteSeen(request, outcome.verdict);
  return outcome;
}

// A decision that is repeated for another time is no sighting.
void Verification::NoteSeen(const VerificationRequest& request, const Verdict& verdict) {
  if (seen_ == nullptr || request.at) return;
  if (const auto tcb = TcbOf(verdict)) seen_->Note(*tcb, clock_.Now());
}

Outcome Verification::Judge(const VerificationRequest& request, Instant at) {
  const auto kind = DetectEvidence(request.evidence);
  if (!kind) return Outcome::Failed(kind.error());
  if (*kind == EvidenceKind::kHclReport) return RunHcl(request, at);
  const bool quote = *kind == EvidenceKind::kQuote;
  if (const Status fits = CheckFits(request, quote, !quote, false); !fits)
    return Outcome::Failed(fits.error());
  Outcome outcome =
      quote ? RunQuote(request, request.evidence, at, {}) : RunSnp(request, request.evidence, at, {});
  if (!outcome.error && request.nonce) CheckReportData(outcome.verdict, *request.nonce);
  return outcome;
}

Outcome Verification::RunHcl(const VerificationRequest& request, Instant at) {
  const auto report = amd::ParseHclReport(request.evidence);
  if (!report) return Outcome::Failed(report.error());
  const bool snp = report->type == amd::HclReportType::kSnp;
  const Status fits = CheckFits(request, request.td_quote.has_value(), snp, true);
  if (!fits) return Outcome::Failed(fits.error());
  const amd::TpmQuote* const tpm_quote = request.tpm_quote ? &*request.tpm_quote : nullptr;
  const Addition addition = [&](Verdict& verdict) {
    amd::CheckHcl(verdict, *report, tpm_quote, request.nonce);
  };
  if (snp) return RunSnp(request, report->hardware_report, at, addition);
  if (request.td_quote) return RunQuote(request, *request.td_quote, at, addition);
  auto verdict = amd::JudgeWithoutTdQuote(*report, tpm_quote, request.nonce, at);
  if (verdict) return Outcome::Of(std::move(verdict).value());
  Verdict so_far;
  addition(so_far);
  return Outcome::Failed(std::move(verdict).error(), std::move(so_far));
}

// With the caller's collateral. What the evidence alone shows stands beside the answer when an item is missing.
Outcome Verification::RunQuote(const VerificationRequest& request, ByteView quote, Instant at,
                               const Addition& addition) {
  if (!request.collateral) return RunQuoteFromCache(request, quote, at, addition);
  auto verdict = intel::VerifyQuoteWith(quote, *request.collateral, anchors_, at, &memo_);
  if (verdict) {
    if (addition) addition(*verdict);
    return Outcome::Of(std::move(verdict).value());
  }
  const auto alone =
      intel::QuoteVerification::Begin(quote, request.collateral->pck_chain, anchors_, at, &memo_, nullptr);
  Verdict so_far = alone ? alone->verdict() : Verdict{};
  if (alone && addition) addition(so_far);
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));
  return Outcome::Failed(std::move(verdict).error(), std::move(so_far));
}

Outcome Verification::RunQuoteFromCache(const VerificationRequest& request, ByteView quote, Instant at,
                                        const Addition& addition) {
  auto begun = Begin(quote, at);
  if (!begun) return Outcome::Failed(std::move(begun).error());
  Verdict so_far = begun->verdict();
  if (addition) addition(so_far);
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));

  const auto collateral = Collect(begun->needed(), request);
  if (!collateral) return Outcome::Failed(collateral.error(), std::move(so_far));
  Verdict verdict = std::move(begun).value().Finish(*collateral);
  if (addition) addition(verdict);
  return Outcome::Of(std::move(verdict));
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
  auto items = Items({keys.begin(), keys.end()}, request.at);
  for (auto& item : items) TRY(item);
  return intel::VerifiedCollateral{*items.at(0), *items.at(1), *items.at(2), *items.at(3), {}};
}

std::vector<Result<ItemPtr>> Verification::Items(const std::vector<CollateralKey>& keys,
                                                 const std::optional<Instant>& at) {
  std::vector<Result<ItemPtr>> found;
  const Instant now = clock_.Now();
  if (at || std::all_of(keys.begin(), keys.end(), [&](const auto& key) { return cache_->Peek(key, now); })) {
    for (const CollateralKey& key : keys) found.push_back(Item(key, at));
    return found;
  }
  // Some has to be fetched: all at once, so that the client waits for the slowest and not for the sum.
  std::vector<std::future<Result<ItemPtr>>> items;
  for (const CollateralKey& key : keys) {
    items.push_back(std::async(std::launch::async, [this, &key, &at, client = MissBudgets::Client()] {
      const MissBudgets::OnBehalf scope(client);
      return Item(key, at);
    }));
  }
  for (auto& item : items) found.push_back(item.get());
  return found;
}

Result<ItemPtr> Verification::Item(const CollateralKey& key, const std::optional<Instant>& at) {
  const auto missing = [&key](std::string message) {
    return NamingItem(key, {ErrorKind::kUnavailable, Check::kCollateralMissing, std::move(message)});
  };
  if (at) {  // history or nothing: today's collateral says nothing about another day
    // Of a VCEK there is one version, and no history is kept.
    const bool vcek = KindOf(key) == ItemKind::kVcek;
    const auto current = vcek ? cache_->Peek(key, clock_.Now()) : std::nullopt;
    const auto past = vcek ? std::nullopt : cache_->HistoryAt(key, *at);
    const ItemPtr item = current ? current->item : past ? past->item : nullptr;
    if (item && item->window().Contains(*at)) return item;
    return missing(StrCat("no version that was held and in force at ", FormatRfc3339(*at), " is kept"));
  }
  auto answer = cache_->Get(key, clock_.Now());
  if (!answer) return NamingItem(key, std::move(answer).error());
  return answer->item;
}

}  // namespace thimble
