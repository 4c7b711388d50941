// SPDX-License-Identifier: Apache-2.0
#include "service/verification/verification.h"

#include <algorithm>

#include "tcb/amd/hcl.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/intel/quote.h"
#include "tcb/openenclave/evidence.h"
#include "tcb/tpm/verify.h"
#include "tcb/verify.h"

namespace thimble {
namespace {

using Outcome = VerificationOutcome;

constexpr size_t kMinNonce = 8, kMaxNonce = 64;

Error NamingItem(const CollateralKey& key, Error error) {
  error.message = StrCat(KeyName(key), ": ", error.message);
  return error;
}

Error Refused(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

bool BringsCollateral(const VerificationRequest& request) {
  return request.collateral || !request.endorsements.empty();
}

// Only what the server answers for is signed.
Status CheckSignable(const VerificationRequest& request) {
  if (!request.ear) return {};
  if (request.at)
    return Refused("ear: goes only with a decision about now; one about another time is not signed");
  if (ModeOf(request) == CallerCollateral::kAny) {
    return Refused(
        StrCat("ear: policy ", request.policy->id,
               " takes what callers bring as it is (caller_collateral = \"any\"), and no decision on "
               "that is signed"));
  }
  return {};
}

Status CheckNonceForm(const std::optional<Bytes>& nonce) {
  if (!nonce) return {};
  if (nonce->size() < kMinNonce || nonce->size() > kMaxNonce) {
    return Refused(StrCat("nonce: ", nonce->size(), " bytes, must have ", kMinNonce, " to ", kMaxNonce));
  }
  if (AllZero(*nonce))
    return Refused("nonce: all zero, as report data that nobody set is: it proves nothing");
  return {};
}

// What can be said of the request before its evidence is looked at.
Status CheckAsked(const VerificationRequest& request) {
  TRY(CheckSignable(request));
  TRY(CheckNonceForm(request.nonce));
  if (ModeOf(request) == CallerCollateral::kRefuse && BringsCollateral(request)) {
    return Refused(StrCat(request.collateral ? "collateral" : "endorsements", ": policy ", request.policy->id,
                          " refuses what callers bring (caller_collateral = \"refuse\")"));
  }
  return {};
}

Status GoesOnlyWith(std::string_view evidence, bool fits, bool given, std::string_view name) {
  if (!given || fits) return {};
  return Refused(StrCat(name, ": goes only with ", evidence));
}

// Where no TPM quote carries it, the nonce is the report data, followed by zeros.
Status CheckNonceIsAlone(const VerificationRequest& request) {
  if (!request.nonce || (!request.report_data && !request.runtime_data)) return {};
  return Refused(
      "nonce: is what the report data has to be: it goes with neither report_data nor runtime_data");
}

// No member of a request is silently ignored: each has evidence that it goes with.
Status CheckFits(const VerificationRequest& request, bool quote, bool snp, bool hcl) {
  TRY(GoesOnlyWith("a quote", quote, request.collateral.has_value(), "collateral"));
  TRY(GoesOnlyWith("an SNP report", snp, !request.endorsements.empty(), "endorsements"));
  TRY(GoesOnlyWith("an SNP report", snp, request.product.has_value(), "product"));
  const bool bare_report = snp && !hcl;
  TRY(GoesOnlyWith("an SNP report by itself", bare_report, request.uvm_endorsement.has_value(),
                   "uvm_endorsement"));
  TRY(GoesOnlyWith("an SNP report by itself", bare_report, request.security_policy.has_value(),
                   "security_policy"));
  TRY(GoesOnlyWith("the HCL report of a TD", hcl && !snp, request.td_quote.has_value(), "td_quote"));
  TRY(GoesOnlyWith("an HCL report", hcl, request.tpm_quote.has_value(), "tpm_quote"));
  TRY(GoesOnlyWith("an HCL report or a TPM's quote", hcl, !request.tpm_key.empty(), "ak_cert"));
  TRY(GoesOnlyWith("a TPM's quote by itself", false, request.tpm_key.event_log.has_value(), "event_log"));
  TRY(GoesOnlyWith("the report of a VBS enclave", false, !request.vbs.empty(), "signer"));
  return hcl ? Status() : CheckNonceIsAlone(request);
}

std::vector<UsedCollateral> UsedBy(const Verdict& verdict) {
  std::vector<UsedCollateral> used;
  used.reserve(verdict.collateral.size());
  for (const ItemPtr& item : verdict.collateral) {
    used.push_back({item->name(), item->sha256(), item->window(), item->source(),
                    item->source().empty() ? BroughtBy::kCaller : BroughtBy::kServer});
  }
  for (const BroughtEndorsement& brought : verdict.brought)
    used.push_back({brought.item, brought.sha256, brought.window, "", brought.by});
  return used;
}

// What the nonce was compared with.
NonceOutcome ComparedNonce(const Bytes& nonce, const Verdict& verdict) {
  NonceOutcome out{.expected = nonce, .compared = {}};
  if (verdict.tpm != nullptr && verdict.tpm->quote) {
    out.in_tpm_quote = true;
    out.compared = verdict.tpm->quote->extra_data;
  } else if (verdict.hcl == nullptr) {
    const ByteView data = ReportDataOf(verdict);
    out.compared.assign(data.begin(), data.end());
  } else {
    out.in_tpm_quote = true;
    if (verdict.hcl->tpm_quote) out.compared = verdict.hcl->tpm_quote->extra_data;
  }
  return out;
}

// What the policy let pass.
Seconds GraceUsed(const Outcome& outcome) {
  const Verdict& verdict = outcome.verdict;
  if (!outcome.decision.accept || verdict.at <= verdict.window.not_after) return Seconds(0);
  return verdict.at - verdict.window.not_after;
}

}  // namespace

CallerCollateral ModeOf(const VerificationRequest& request) {
  return request.policy->caller_collateral.value_or(request.caller_collateral);
}

bool IsJudgedAsBrought(const VerificationRequest& request) {
  return request.collateral && !request.at && ModeOf(request) == CallerCollateral::kAny;
}

Outcome Verification::Run(const VerificationRequest& request) {
  Outcome outcome = Decide(request);
  outcome.about = request.at;
  if (BringsCollateral(request)) outcome.caller_collateral = ModeOf(request);
  outcome.grace_used = GraceUsed(outcome);
  if (watcher_) watcher_(request, outcome);
  return outcome;
}

Outcome Verification::Decide(const VerificationRequest& request) {
  if (const Status asked = CheckAsked(request); !asked) return Outcome::Failed(asked.error());
  const Instant at = request.at.value_or(clock_.Now());
  Judged judged = Judge(request, at);
  Outcome& outcome = judged.outcome;
  if (outcome.error) return std::move(outcome);
  if (outcome.collateral.empty()) outcome.collateral = UsedBy(outcome.verdict);
  if (request.report_data) CheckReportData(outcome.verdict, *request.report_data);
  if (request.runtime_data) CheckRuntimeData(outcome.verdict, *request.runtime_data);
  outcome.decision = Appraise(outcome.verdict, *request.policy, at);
  if (outcome.decision.accept && judged.not_held)
    return Outcome::Failed(*std::move(judged.not_held), std::move(outcome.verdict));
  SettleNonce(request, outcome);
  if (!outcome.error && !request.at) RecordSeen(outcome);
  return std::move(outcome);
}

// A nonce that was issued here is good once, for a decision about now. Judged last, and only of evidence that holds:
// nobody else uses it up.
void Verification::SettleNonce(const VerificationRequest& request, Outcome& outcome) {
  if (!request.nonce) return;
  Verdict& verdict = outcome.verdict;
  outcome.nonce = ComparedNonce(*request.nonce, verdict);
  if (request.at || verdict.hard() != nullptr) return;
  const auto issued =
      challenges_ == nullptr ? Result<bool>(false) : challenges_->Issued(*request.nonce, clock_.Now());
  if (issued.ok() && !*issued) {
    outcome.nonce->freshness = NonceOutcome::Freshness::kCallers;
    return;
  }
  const Status taken = issued.ok() ? challenges_->Take(*request.nonce, clock_.Now()) : Status(issued.error());
  if (taken) {
    verdict.checks.Set(Check::kNonce, CheckResult::kPassed);
    outcome.nonce->freshness = NonceOutcome::Freshness::kIssuedHere;
  } else if (taken.error().kind != ErrorKind::kRejected) {
    outcome.error = taken.error();
  } else {
    HardUnless(verdict, Check::kNonce, false, [&] { return taken.error().message; });
    Retract(verdict);
    outcome.decision = Appraise(verdict, *request.policy, verdict.at);
  }
}

void Verification::RecordSeen(const Outcome& outcome) {
  if (seen_ == nullptr) return;
  if (const auto tcb = TcbOf(outcome.verdict)) seen_->Record(*tcb, clock_.Now());
}

namespace {

// Custom claims of plug-in evidence, perhaps: a quote alone has nothing that would have to be bound.
bool HasMoreThanQuote(ByteView evidence) {
  const auto quote = intel::ParseQuote(evidence);
  return quote && quote->trailing_bytes != 0;
}

}  // namespace

Verification::Judged Verification::Judge(const VerificationRequest& request, Instant at) {
  const auto kind = DetectEvidence(request.evidence);
  if (!kind) return Outcome::Failed(kind.error());
  if (*kind == EvidenceKind::kHclReport) return RunHcl(request, at);
  if (*kind == EvidenceKind::kTpmQuote) return RunTpm(request, at);
  if (*kind == EvidenceKind::kVbsReport) return RunVbs(request, at);
  const bool quote = *kind == EvidenceKind::kQuote;
  const bool bare = quote && request.plugin_evidence && HasMoreThanQuote(request.evidence);
  if (*kind == EvidenceKind::kOpenEnclave || bare) return RunOpenEnclave(request, at, bare);
  if (const Status fits = CheckFits(request, quote, !quote, false); !fits)
    return Outcome::Failed(fits.error());
  if (quote) return RunQuote(request, request.evidence, at, BoundBy(request));
  Judged judged = RunReport(request, at);
  if (!judged.outcome.error && request.nonce) CheckReportData(judged.outcome.verdict, *request.nonce);
  return judged;
}

// What the report data binds is judged of the evidence alone, too: nothing is sought for what fails here.
Verification::Addition Verification::BoundBy(const VerificationRequest& request) {
  return [&request](Verdict& verdict) {
    if (request.nonce) CheckReportData(verdict, *request.nonce);
    if (request.report_data) CheckReportData(verdict, *request.report_data);
    if (request.runtime_data) CheckRuntimeData(verdict, *request.runtime_data);
  };
}

Verification::Judged Verification::RunHcl(const VerificationRequest& request, Instant at) {
  const auto report = amd::ParseHclReport(request.evidence);
  if (!report) return Outcome::Failed(report.error());
  const bool snp = report->type == amd::HclReportType::kSnp;
  const Status fits = CheckFits(request, request.td_quote.has_value(), snp, true);
  if (!fits) return Outcome::Failed(fits.error());
  const tpm::Quote* const tpm_quote = request.tpm_quote ? &*request.tpm_quote : nullptr;
  const Addition addition = [&](Verdict& verdict) {
    amd::CheckHcl(verdict, *report, tpm_quote, request.nonce);
    if (!request.tpm_key.empty())
      tpm::CheckKeyBeside(verdict, request.tpm_key, amd::VouchedBy(*report->claims), ContextOf(request, at));
  };
  if (snp) return RunSnp(request, report->hardware_report, at, addition);
  if (request.td_quote) return RunQuote(request, *request.td_quote, at, addition);
  auto verdict = amd::JudgeWithoutTdQuote(*report, tpm_quote, request.nonce, at);
  if (verdict) return Outcome::Of(std::move(verdict).value());
  Verdict so_far;
  so_far.tee = Tee::kTdx;
  so_far.at = at;
  addition(so_far);
  if (so_far.hard() != nullptr) return Outcome::Of(std::move(so_far));
  return Outcome::Failed(std::move(verdict).error(), std::move(so_far));
}

Verification::Judged Verification::RunOpenEnclave(const VerificationRequest& request, Instant at, bool bare) {
  const auto evidence = bare ? openenclave::ParseAsPluginEvidence(request.evidence)
                             : openenclave::ParseEvidence(request.evidence);
  if (!evidence) return Outcome::Failed(evidence.error());
  if (const Status fits = CheckFits(request, true, false, false); !fits) return Outcome::Failed(fits.error());
  return RunQuote(request, evidence->quote, at, [&, bound = BoundBy(request)](Verdict& verdict) {
    openenclave::CheckOpenEnclave(verdict, *evidence);
    bound(verdict);
  });
}

std::vector<Result<ItemPtr>> Verification::Items(const std::vector<CollateralKey>& keys,
                                                 const std::optional<Instant>& at) {
  std::vector<Result<ItemPtr>> found;
  if (at || cache_ == nullptr) {
    for (const CollateralKey& key : keys) found.push_back(Item(key, at));
    return found;
  }
  auto answers = cache_->GetAll(keys, clock_.Now());
  for (size_t i = 0; i < keys.size(); ++i) {
    auto& answer = answers.at(i);
    found.push_back(answer ? Result<ItemPtr>(answer->item) : NamingItem(keys[i], std::move(answer).error()));
  }
  return found;
}

Result<ItemPtr> Verification::Item(const CollateralKey& key, const std::optional<Instant>& at) {
  const auto missing = [&key](std::string message) {
    return NamingItem(key, {ErrorKind::kUnavailable, Check::kCollateralMissing, std::move(message)});
  };
  if (cache_ == nullptr) return missing("no cache, and no upstream to ask");
  if (at) {  // history or nothing: today's collateral says nothing about another day
    // Of a VCEK there is one version, and no history is kept.
    const bool vcek = KindOf(key) == ItemKind::kVcek;
    const auto current = vcek ? cache_->Peek(key, clock_.Now()) : std::nullopt;
    const auto past = vcek ? std::nullopt : cache_->HistoryAt(key, *at);
    const ItemPtr item = current ? current->item : past ? past->item : nullptr;
    if (item && item->window().Contains(*at)) return item;
    return missing(StrCat("the history has no version that was valid at ", FormatRfc3339(*at)));
  }
  auto answer = cache_->Get(key, clock_.Now());
  if (!answer) return NamingItem(key, std::move(answer).error());
  return answer->item;
}

}  // namespace thimble
