// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/verify.h"

#include <algorithm>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/findings.h"
#include "tcb/intel/collateral_checks.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/intel/td_checks.h"
#include "tcb/pki/pem.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxCertificates = 8;
constexpr std::string_view kNotReached = "an earlier check failed";

// The checks of step 1 that can fail, in their order, then those of step 2.
constexpr Check kEvidenceChecks[] = {
    Check::kQuoteTrailingBytes, Check::kPckChain,          Check::kPckRoot,      Check::kPckExpired,
    Check::kPckNotYetValid,     Check::kQeReportSignature, Check::kQeReportData, Check::kQuoteSignature,
};
constexpr Check kCollateralChecks[] = {
    Check::kCrlRootSignature,       Check::kCrlRootIssuer,       Check::kCrlRootExpired,
    Check::kCrlPckSignature,        Check::kCrlPckIssuer,        Check::kCrlPckExpired,
    Check::kSigningChainUntrusted,  Check::kSigningChainExpired, Check::kSigningChainNotYetValid,
    Check::kSigningChainRevoked,    Check::kPckRevoked,          Check::kTcbInfoSignature,
    Check::kTcbInfoMismatch,        Check::kTcbInfoExpired,      Check::kTcbInfoNotYetIssued,
    Check::kQeIdentitySignature,    Check::kQeIdentityMismatch,  Check::kQeIdentityExpired,
    Check::kQeIdentityNotYetIssued, Check::kTcbNotSupported,     Check::kQeTcb,
};

void DeclareChecks(Verdict& verdict) {
  for (const Check check : kEvidenceChecks) verdict.checks.SetNotRun(check, kNotReached);
  for (const Check check : kCollateralChecks) verdict.checks.SetNotRun(check, kNeedsCollateral);
  if (verdict.tee == Tee::kTdx) verdict.checks.SetNotRun(Check::kTdxModuleMismatch, kNeedsCollateral);
}

// After a hard finding: what was still to come was not reached, and the finding that ended it stands last.
void Close(Verdict& verdict) {
  std::stable_partition(verdict.findings.begin(), verdict.findings.end(),
                        [](const Finding& finding) { return finding.severity != Severity::kHard; });
  for (const auto& entry : verdict.checks.Entries()) {
    if (entry.result == CheckResult::kNotRun) verdict.checks.SetNotRun(entry.check, kNotReached);
  }
}

void TakeClaims(const Quote& quote, Verdict& verdict) {
  verdict.checks.Set(Check::kQuoteFormat, CheckResult::kPassed);
  if (const auto* td = std::get_if<TdxClaims>(&quote.body)) {
    verdict.claims = *td;
    JudgeTd(*td, verdict);
  } else {
    const auto& sgx = std::get<SgxClaims>(quote.body);
    verdict.claims = sgx;
    SoftUnless(verdict, Check::kSgxDebug, !sgx.debug(),
               [&] { return StrCat("enclave attributes ", HexLower(sgx.attributes), ": DEBUG is set"); });
  }
  NoteUnless(verdict, Check::kQuoteTrailingBytes, quote.trailing_bytes == 0,
             [&] { return StrCat(quote.trailing_bytes, " bytes after the auth data"); });
}

// The PEM text the chain is read from: the caller's, else the quote's own.
Result<std::string_view> ChainText(const Quote& quote, std::string_view given) {
  if (!given.empty()) return given;
  if (quote.certification_type == CertificationDataType::kPckChain) return AsText(quote.certification_data);
  return Error{ErrorKind::kUnavailable, Check::kPckMissing,
               StrCat("certification data type ", static_cast<int>(quote.certification_type),
                      " holds no PCK chain, and none was given or cached")};
}

struct ChainContext {
  const TrustAnchors& anchors;
  bool given = false;  // by the caller, not from the quote
  Memo* memo = nullptr;
  const VerifiedCollateral* known = nullptr;
};

Result<std::shared_ptr<const PckChain>> ReadChain(std::string_view text, const ChainContext& context) {
  if (context.memo != nullptr) {
    if (auto chain = context.memo->FindChain(text)) return chain;
  }
  const Check malformed_check = context.given ? Check::kCollateralMalformed : Check::kQuoteFormat;
  TRY_ASSIGN(const auto certificates, DecodePem(text, "CERTIFICATE", kMaxCertificates, malformed_check));
  if (certificates.empty())
    return Error{ErrorKind::kMalformed, malformed_check, "PCK chain: no PEM certificate"};
  CertificatePool pool(context.anchors);
  if (context.known != nullptr) pool.AddVerified(context.known->pck_crl->signers());
  TRY_ASSIGN(auto chain, BuildPckChain(certificates, malformed_check, pool));
  if (context.memo != nullptr) context.memo->AddChain(text, chain);
  return chain;
}

// What a chain that does not hold says of its dates, so that one finding does not hide the other.
Validity StatedWindow(std::string_view text) {
  Validity window;
  const auto certificates = DecodePem(text, "CERTIFICATE", kMaxCertificates, Check::kQuoteFormat);
  if (!certificates.ok()) return window;
  for (const Bytes& der : *certificates) {
    const auto certificate = Certificate::Parse(der, Check::kQuoteFormat);
    if (certificate.ok()) window = Intersect(window, (*certificate)->validity());
  }
  return window;
}

bool CheckRoot(const PckChain& chain, const TrustAnchors& anchors, Verdict& verdict) {
  const TrustAnchor* const anchor = anchors.Find(Vendor::kIntel, *chain.root);
  if (!HardUnless(verdict, Check::kPckRoot, anchor != nullptr, [&] {
        return StrCat("root \"", chain.root->subject_cn(), "\" with SPKI SHA-256 ",
                      chain.root->spki_sha256().hex(), " is not a trust anchor");
      })) {
    return false;
  }
  verdict.trust_anchor = anchor->name;
  verdict.trust_anchor_extra = anchor->extra;
  if (anchor->extra) {
    NoteUnless(verdict, Check::kTrustAnchorExtra, false,
               [&] { return StrCat("rests on \"", anchor->name, "\", an anchor that the operator added"); });
  }
  return true;
}

// DCAP 5.6.
bool CheckQeReportSignature(const Quote& quote, const PckChain& chain, Memo* memo, Verdict& verdict) {
  Memo::QeReportKey key{};
  if (memo != nullptr) {
    auto out = std::copy_n(chain.leaf->sha256().view().begin(), 32, key.begin());
    out = std::copy(quote.qe_report_bytes.begin(), quote.qe_report_bytes.end(), out);
    std::copy(quote.qe_report_signature.begin(), quote.qe_report_signature.end(), out);
    if (memo->KnowsQeReport(key))
      return HardUnless(verdict, Check::kQeReportSignature, true, [] { return ""; });
  }
  const bool holds = chain.leaf->ec_key()->VerifyRaw(quote.qe_report_bytes, quote.qe_report_signature);
  if (holds && memo != nullptr) memo->AddQeReport(key);
  return HardUnless(verdict, Check::kQeReportSignature, holds, [] {
    return "signature of the QE report does not hold under the PCK certificate's key";
  });
}

// DCAP 5.7; the upper half is zero in every real quote, and checked.
bool CheckQeReportData(const Quote& quote, Verdict& verdict) {
  const Digest256 expected = Sha256(quote.attestation_key, quote.qe_auth_data);
  const ByteView data = quote.qe_report.report_data.view();
  const bool bound = Equal(data.first(32), expected.view());
  return HardUnless(verdict, Check::kQeReportData, bound && AllZero(data.last(32)), [&] {
    if (!bound) {
      return StrCat("QE report data ", HexLower(data.first(32)),
                    ", SHA-256 of attestation key and auth data ", expected.hex());
    }
    return StrCat("upper half of the QE report data is ", HexLower(data.last(32)), ", not zero");
  });
}

bool CheckEvidence(const Quote& quote, const EcPublicKey& attestation_key, const PckChain& chain,
                   const TrustAnchors& anchors, Memo* memo, Verdict& verdict) {
  verdict.checks.Set(Check::kPckChain, CheckResult::kPassed);
  PlatformFacts facts = chain.facts;
  facts.quote_version = quote.version;
  verdict.platform = facts;
  verdict.window = Intersect(verdict.window, chain.window());
  CheckWindow(verdict, chain.window(), "PCK chain", Check::kPckExpired, Check::kPckNotYetValid);
  return CheckRoot(chain, anchors, verdict) && CheckQeReportSignature(quote, chain, memo, verdict) &&
         CheckQeReportData(quote, verdict) &&
         HardUnless(verdict, Check::kQuoteSignature,
                    attestation_key.VerifyRaw(quote.signed_bytes, quote.signature),
                    [] { return "signature of the quote does not hold under the attestation key"; });
}

}  // namespace

Result<QuoteVerification> QuoteVerification::Begin(ByteView quote, std::string_view pck_chain,
                                                   const TrustAnchors& anchors, Instant at, Memo* memo,
                                                   const VerifiedCollateral* known) {
  QuoteVerification run;
  TRY_ASSIGN(run.quote_, ParseQuote(quote));
  const auto key = EcPublicKey::FromPoint(Curve::kP256, run.quote_.attestation_key);
  if (!key)
    return Error{ErrorKind::kMalformed, Check::kQuoteFormat, "attestation key: the point is not on P-256"};
  Verdict& verdict = run.verdict_;
  verdict.at = at;
  verdict.tee = run.quote_.tdx ? Tee::kTdx : Tee::kSgx;
  DeclareChecks(verdict);
  TakeClaims(run.quote_, verdict);

  TRY_ASSIGN(const std::string_view text, ChainText(run.quote_, pck_chain));
  auto chain = ReadChain(text, {anchors, !pck_chain.empty(), memo, known});
  if (!chain.ok()) {
    if (chain.error().kind != ErrorKind::kRejected) return std::move(chain).error();
    CheckWindow(verdict, StatedWindow(text), "PCK chain", Check::kPckExpired, Check::kPckNotYetValid);
    HardUnless(verdict, chain.error().check, false, [&] { return chain.error().message; });
  } else {
    run.chain_ = *chain;
    run.needed_ = {run.chain_->facts.fmspc, run.chain_->facts.ca,
                   run.quote_.tdx ? IntelTee::kTdx : IntelTee::kSgx};
    CheckEvidence(run.quote_, *key, *run.chain_, anchors, memo, verdict);
  }
  if (run.failed()) Close(verdict);
  return run;
}

void QuoteVerification::Note(Check check, const std::string& message) {
  NoteUnless(verdict_, check, false, [&] { return message; });
}

Verdict QuoteVerification::Finish(const VerifiedCollateral& collateral) && {
  JudgeWindows(collateral, verdict_);
  if (failed()) {
    Close(verdict_);
    return std::move(verdict_);
  }
  TakeCollateral(collateral, verdict_);
  const TcbInfo& info = *collateral.tcb_info->tcb_info();
  const auto* td = std::get_if<TdxClaims>(&quote_.body);
  const bool holds = CheckSameAnchor(collateral, *chain_, verdict_) &&
                     CheckPckCrlIssuer(collateral, *chain_, verdict_) &&
                     CheckRevocation(collateral, *chain_, verdict_) &&
                     CheckTcbInfoMatches(quote_, *chain_, info, verdict_) &&
                     (td == nullptr || CheckTdxModule(*td, info, verdict_)) &&
                     CheckQeIdentityMatches(quote_, *collateral.qe_identity->identity(), verdict_);
  if (holds) {
    verdict_.authentic = true;  // a TCB that no level knows is authentic all the same
    EvaluateStatus(quote_, *chain_, collateral, verdict_);
  } else {
    Close(verdict_);
  }
  return std::move(verdict_);
}

Verdict QuoteVerification::FinishRejected(const Error& error, const StatedCollateral& stated) && {
  for (const auto& [kind, windows] : stated) CheckItemWindows(verdict_, kind, windows);
  if (!failed()) HardUnless(verdict_, error.check, false, [&] { return error.message; });
  Close(verdict_);
  return std::move(verdict_);
}

Result<Verdict> VerifyQuote(ByteView quote, const VerifiedCollateral& collateral, const TrustAnchors& anchors,
                            Instant at, Memo* memo) {
  TRY_ASSIGN(auto run, QuoteVerification::Begin(quote, collateral.pck_chain, anchors, at, memo, &collateral));
  return std::move(run).Finish(collateral);
}

}  // namespace thimble::intel
