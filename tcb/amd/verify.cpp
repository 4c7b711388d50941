// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/verify.h"

#include <algorithm>
#include <array>
#include <utility>

#include "tcb/amd/binding.h"
#include "tcb/amd/judgement.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"

namespace thimble::amd {
namespace {

constexpr uint32_t kEcdsaP384Sha384 = 1;
constexpr uint32_t kHostVmpl = 0xffffffff;

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

// Every check that applies to a report, before any of them is made.
void DeclareChecks(CheckLog& checks) {
  constexpr std::array kAll = {
      // clang-format off
      Check::kSnpSignatureAlgorithm, Check::kSnpSigningKey, Check::kSnpChain, Check::kSnpLeafSignature,
      Check::kSnpProduct, Check::kSnpChipId, Check::kSnpTcbBinding, Check::kSnpSignature, Check::kSnpRevoked,
      Check::kSnpCrl, Check::kSnpCrlMissing, Check::kSnpCrlExpired, Check::kSnpEndorsementMissing,
      Check::kSnpExpired, Check::kSnpNotYetValid, Check::kSnpVmpl, Check::kSnpDebug, Check::kSnpMigration,
      Check::kSnpChipIdMasked, Check::kSnpTcbOrder,
      // clang-format on
  };
  for (const Check check : kAll) checks.SetNotRun(check, "not reached");
  for (const Check check : {Check::kSnpFloorUnknown, Check::kSnpFloorUnproven, Check::kSnpFloorStale})
    checks.SetNotRun(check, "no floor was applied");
  checks.Set(Check::kSnpFormat, CheckResult::kPassed);
  checks.Set(Check::kSnpVersion, CheckResult::kPassed);
}

}  // namespace

Result<SnpVerification> SnpVerification::Begin(ByteView evidence, const EndorsementSet& given,
                                               std::optional<Product> product, const TrustAnchors& anchors,
                                               Instant at, SignatureMemo* memo) {
  SnpVerification v;
  v.memo_ = memo;
  v.anchors_ = &anchors;
  v.named_product_ = product;
  v.verdict_.tee = Tee::kSnp;
  v.verdict_.status_source = StatusSource::kLocalFloor;
  v.verdict_.at = at;
  TRY_ASSIGN(const ExtendedReport extended, SplitExtendedReport(evidence));
  TRY_ASSIGN(v.report_, ParseReport(extended.report));
  DeclareChecks(v.verdict_.checks);
  TRY(v.TakeEndorsements(extended, given));
  v.JudgeReport();
  if (!v.failed() && v.complete()) v.JudgeEndorsements();
  if (!v.failed()) v.JudgeRequester();
  v.PublishClaims();
  return v;
}

Result<Verdict> SnpVerification::Finish(const CachedEndorsements& cached, AmdCrlMode mode) && {
  if (failed()) return std::move(verdict_);
  TRY(TakeCached(cached, mode));
  if (!complete()) return Missing();
  FailUnless(CheckSupported());
  if (!failed() && !judged_) JudgeEndorsements();
  const auto brought = brought_crls(cached);
  const auto revoking =
      std::ranges::find_if(brought, [&](const BroughtCrl& candidate) { return Revokes(*candidate.crl); });
  const bool revoked = revoking != brought.end();
  if (!failed() && !crl_ && !revoked && mode == AmdCrlMode::kRequire) {
    return Error{ErrorKind::kUnavailable, Check::kSnpCrlMissing,
                 StrCat("no CRL of ", issuers_->anchor->name, ", and amd_crl = require")};
  }
  if (!failed()) JudgeRevocation(mode, revoked ? &*revoking : nullptr);
  verdict_.authentic = !failed();
  PublishClaims();
  PublishBrought(cached, revoked ? &*revoking : nullptr);
  return std::move(verdict_);
}

// ---- the checks, in their order ----

// The hard finding, if there is one: of a part of a check, which has not passed by that alone.
void SnpVerification::FailUnless(const Status& status) {
  if (!status.ok()) Fail(verdict_, status.error());
}

void SnpVerification::NoteDropped() {
  for (; noted_ < hints_.dropped.size(); ++noted_)
    NoteUnless(verdict_, Check::kHintDropped, false, [&] { return hints_.dropped.at(noted_); });
}

void SnpVerification::NoteAnchor() {
  const TrustAnchor& anchor = *issuers_->anchor;
  verdict_.trust_anchor = anchor.name;
  verdict_.trust_anchor_extra = anchor.extra;
  if (!anchor.extra) return;
  NoteUnless(verdict_, Check::kTrustAnchorExtra, false,
             [&] { return StrCat("rests on \"", anchor.name, "\", an anchor that the operator added"); });
}

// What the report shows by itself.
void SnpVerification::JudgeReport() {
  const SnpClaims& claims = report_.claims;
  SoftUnless(verdict_, Check::kSnpDebug, !claims.debug(),
             [] { return "POLICY: DEBUG is set: the host may read the guest's memory"; });
  SoftUnless(verdict_, Check::kSnpMigration, !claims.migrate_ma(),
             [] { return "POLICY: MIGRATE_MA is set: a migration agent may move the guest"; });
  const Status shown = CheckChipIdShown(claims);
  SoftUnless(verdict_, Check::kSnpChipIdMasked, shown.ok(), [&] { return shown.error().message; });
  Status algorithm;
  if (report_.signature_algorithm != kEcdsaP384Sha384) {
    algorithm = Rejected(Check::kSnpSignatureAlgorithm, StrCat("SIGNATURE_ALGO ", report_.signature_algorithm,
                                                               ", expected 1 (ECDSA P-384 with SHA-384)"));
  }
  if (!Require(verdict_, Check::kSnpSignatureAlgorithm, algorithm)) return;
  if (claims.signing_key > 1 || claims.mask_chip_key) {
    return FailUnless(Rejected(Check::kSnpSigningKey,
                               StrCat("SIGNING_KEY ", claims.signing_key, ", MASK_CHIP_KEY ",
                                      claims.mask_chip_key, ": the report is not signed by a VCEK or VLEK")));
  }
  FailUnless(CheckSupported());
}

// The endorsements, and the report by them.
void SnpVerification::JudgeEndorsements() {
  judged_ = true;
  verdict_.checks.Set(Check::kSnpEndorsementMissing, CheckResult::kPassed);
  for (const CertificatePtr& certificate : {set_.leaf, set_.intermediate, set_.root}) {
    CheckWindow(verdict_, certificate->validity(), certificate->subject_cn(), Check::kSnpExpired,
                Check::kSnpNotYetValid);
    verdict_.window = Intersect(verdict_.window, certificate->validity());
  }
  if (!Require(verdict_, Check::kSnpSigningKey, CheckSigningKey(report_.claims, *set_.leaf, *endorsement_)))
    return;
  if (!Require(verdict_, Check::kSnpChain, CheckChain())) return;
  NoteAnchor();
  if (!Require(verdict_, Check::kSnpLeafSignature, CheckLeafSignature(*set_.leaf, *set_.intermediate, memo_)))
    return;
  if (!Require(verdict_, Check::kSnpProduct,
               CheckProduct(*product_, *issuers_, *endorsement_, named_product_)))
    return;
  JudgeChip();
  if (failed()) return;
  if (!Require(verdict_, Check::kSnpTcbBinding, CheckTcb(report_.claims, *product_, *endorsement_))) return;
  if (!Require(verdict_, Check::kSnpSignature, CheckSignature(report_, *set_.leaf))) return;
  (void)Require(verdict_, Check::kSnpTcbOrder, CheckTcbOrder(report_.claims, *product_));
}

// Which chip it is. Where the report does not say, the leaf does (PlatformFacts::hwid).
void SnpVerification::JudgeChip() {
  if (kind() == SigningKey::kVlek) {
    verdict_.checks.SetNotRun(Check::kSnpChipId, "a VLEK is not bound to a chip");
  } else if (masked()) {
    verdict_.checks.SetNotRun(Check::kSnpChipId, "CHIP_ID is masked");
  } else {
    FailUnless(CheckChipId(report_.claims.chip_id, *product_, *endorsement_));
    if (!failed()) verdict_.checks.Set(Check::kSnpChipId, CheckResult::kPassed);
  }
}

// Who asked for the report: needs no endorsement, and costs a stranger's evidence its look-up.
void SnpVerification::JudgeRequester() {
  Status vmpl;
  if (report_.claims.vmpl == kHostVmpl) {
    vmpl = Rejected(Check::kSnpVmpl, "VMPL 0xffffffff: the host asked for this report, not the guest");
  }
  if (!Require(verdict_, Check::kSnpVmpl, vmpl)) return;
  if (judged_ || !product_ || kind() == SigningKey::kVlek) return;
  FailUnless(CheckChipIdShape(report_.claims.chip_id, *product_));
}

// By the CRL that is given or held, and by any other that revokes: it need not be the newest to be true.
void SnpVerification::JudgeRevocation(AmdCrlMode mode, const BroughtCrl* revoking) {
  if ((!crl_ && revoking == nullptr) || mode == AmdCrlMode::kOff) {
    const std::string_view reason =
        mode == AmdCrlMode::kOff ? "amd_crl = off" : "no CRL, and amd_crl = if_available";
    for (const Check check :
         {Check::kSnpRevoked, Check::kSnpCrl, Check::kSnpCrlMissing, Check::kSnpCrlExpired}) {
      verdict_.checks.SetNotRun(check, reason);
    }
    return;
  }
  if (crl_) {
    verdict_.checks.Set(Check::kSnpCrlMissing, CheckResult::kPassed);
    CheckWindow(verdict_, crl_->window(), "CRL", Check::kSnpCrlExpired, Check::kSnpCrlExpired);
    verdict_.crl_issued = crl_->window().not_before;
    verdict_.window = Intersect(verdict_.window, crl_->window());
    if (!Require(verdict_, Check::kSnpCrl, CheckCrlIssuer(*crl_, *set_.root, memo_))) return;
  }
  (void)Require(verdict_, Check::kSnpRevoked, CheckRevocation(revoking));
}

// ---- one check each ----

// A report of no supported product cannot be read further: the layout of its TCB is the product's. One that
// merely does not say its product may yet be.
Status SnpVerification::CheckSupported() const {
  if (product_) return {};
  if (report_.claims.cpuid) return ProductFromCpuId(*report_.claims.cpuid).error();
  if (!endorsement_) return {};
  return Rejected(Check::kSnpProduct, StrCat("leaf's productName \"", endorsement_->product_name,
                                             "\" is of no supported product"));
}

Status SnpVerification::CheckChain() {
  if (!issuers_) {
    TRY_ASSIGN(issuers_, CheckIssuers(*set_.intermediate, *set_.root, *anchors_, memo_));
  }
  if (issuers_->kind != kind()) {
    return Rejected(Check::kSnpChain, StrCat("intermediate \"", set_.intermediate->subject_cn(),
                                             "\" does not issue ", SigningKeyName(kind()), " certificates"));
  }
  return CheckLeafProfile(*set_.leaf, *set_.intermediate);
}

// Every leaf has serial 0: looking it up would mean nothing (SNP b).
bool SnpVerification::Revokes(const Crl& crl) const {
  return crl.Revokes(*set_.intermediate) || crl.Revokes(*set_.root);
}

Status SnpVerification::CheckRevocation(const BroughtCrl* revoking) const {
  const bool own = crl_ && Revokes(*crl_);
  if (!own && revoking == nullptr) return {};
  const Crl& crl = own ? *crl_ : *revoking->crl;
  const Certificate& certificate = crl.Revokes(*set_.intermediate) ? *set_.intermediate : *set_.root;
  return Rejected(
      Check::kSnpRevoked,
      StrCat("\"", certificate.subject_cn(), "\", serial ", HexLower(certificate.serial()),
             ", is in the CRL of \"", crl.issuer_cn(), "\"",
             own ? "" : StrCat(" that the ", BroughtByName(revoking->by), " brought: ", revoking->name)));
}

// ---- what the verdict says ----

void SnpVerification::PublishClaims() {
  SnpClaims& claims = report_.claims;
  if (product_) DecodeTcbs(claims, *product_);
  PlatformFacts facts{
      .product = product_, .cpuid = claims.cpuid, .hwid = {}, .csp_id = {}, .signing_key = kind()};
  if (endorsement_) {
    facts.hwid = endorsement_->hwid;
    facts.csp_id = endorsement_->csp_id;
  }
  verdict_.claims = claims;
  verdict_.platform = std::move(facts);
}

// What was judged by and was not sought.
void SnpVerification::PublishBrought(const CachedEndorsements& cached, const BroughtCrl* revoking) {
  if (!product_) return;
  const auto add = [this](std::string item, const auto& used, const Validity& window, BroughtBy by) {
    verdict_.brought.push_back({std::move(item), Sha256(used.der()), window, by});
  };
  const auto add_certificate = [&](std::string item, const CertificatePtr& certificate) {
    const bool sought = std::ranges::any_of(verdict_.collateral, [&](const ItemPtr& held) {
      return held->vcek() == certificate.get() ||
             std::ranges::find(held->signers(), certificate) != held->signers().end();
    });
    const auto by = bringers_.find(certificate->sha256());
    if (!sought)
      add(std::move(item), *certificate, certificate->validity(),
          by != bringers_.end() ? by->second : BroughtBy::kCaller);
  };
  const std::string chain = KeyName(AmdChainKey{*product_, kind()});
  const auto vcek = vcek_key();
  add_certificate(vcek ? KeyName(*vcek) : StrCat(chain, "/leaf"), set_.leaf);
  add_certificate(StrCat(chain, "/intermediate"), set_.intermediate);
  add_certificate(StrCat(chain, "/root"), set_.root);
  const std::string crl = KeyName(AmdCrlKey{*product_, kind()});
  if (crl_ && !cached.crl) add(crl, *crl_, crl_->window(), BroughtBy::kCaller);
  if (revoking != nullptr) add(crl, *revoking->crl, revoking->crl->window(), revoking->by);
}

Result<Verdict> VerifyReport(ByteView evidence, const EndorsementSet& given, std::optional<Product> product,
                             const TrustAnchors& anchors, Instant at, AmdCrlMode mode, SignatureMemo* memo) {
  TRY_ASSIGN(auto verification, SnpVerification::Begin(evidence, given, product, anchors, at, memo));
  return std::move(verification).Finish({}, mode);
}

}  // namespace thimble::amd
