// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/verify.h"

#include <array>
#include <utility>

#include "tcb/amd/binding.h"
#include "tcb/amd/judgement.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"

namespace thimble::amd {
namespace {

constexpr uint32_t kEcdsaP384Sha384 = 1;
constexpr uint32_t kHostVmpl = 0xffffffff;
constexpr size_t kMaxCertificates = 8;  // in one entry of the table

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

// Every check that applies to a report, before any of them is made.
void DeclareChecks(CheckLog& checks) {
  constexpr std::array kAll = {
      // clang-format off
      Check::kSnpSignatureAlgorithm, Check::kSnpSigningKey, Check::kSnpChain, Check::kSnpLeafSignature,
      Check::kSnpProduct, Check::kSnpChipId, Check::kSnpTcbBinding, Check::kSnpSignature, Check::kSnpRevoked,
      Check::kSnpCrl, Check::kSnpCrlMissing, Check::kSnpCrlExpired, Check::kSnpEndorsementMissing,
      Check::kSnpExpired, Check::kSnpNotYetValid, Check::kSnpVmpl, Check::kSnpDebug, Check::kSnpMigration,
      Check::kSnpTcbOrder,
      // clang-format on
  };
  for (const Check check : kAll) checks.SetNotRun(check, "not reached");
  for (const Check check : {Check::kSnpFloorUnknown, Check::kSnpFloorUnproven, Check::kSnpFloorStale})
    checks.SetNotRun(check, "no floor was applied");
  checks.Set(Check::kSnpFormat, CheckResult::kPassed);
  checks.Set(Check::kSnpVersion, CheckResult::kPassed);
}

void Take(CertificatePtr& to, const CertificatePtr& from) {
  if (from) to = from;
}

// A version 2 report does not name its CPU. A chip id of 8 bytes is Turin's: good enough to look a leaf up
// by, which then settles it.
std::optional<Product> GuessProduct(const ChipId& chip_id) {
  const size_t turin_size = TraitsOf(Product::kTurin).hwid_size;
  const bool turin = !chip_id.zero() && AllZero(chip_id.view().subspan(turin_size));
  return turin ? std::optional(Product::kTurin) : std::nullopt;
}

}  // namespace

Result<SnpVerification> SnpVerification::Begin(ByteView evidence, const EndorsementSet& given,
                                               std::optional<Product> product, const TrustAnchors& anchors,
                                               Instant at, SignatureMemo* memo) {
  SnpVerification v;
  v.memo_ = memo;
  TRY_ASSIGN(const ExtendedReport extended, SplitExtendedReport(evidence));
  TRY_ASSIGN(v.report_, ParseReport(extended.report));
  TRY(v.TakeEndorsements(extended.table, given));
  v.anchors_ = &anchors;
  v.named_product_ = product;
  v.verdict_.tee = Tee::kSnp;
  v.verdict_.status_source = StatusSource::kLocalFloor;
  v.verdict_.at = at;
  DeclareChecks(v.verdict_.checks);
  v.FindProduct();
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
  if (!failed() && !crl_ && mode == AmdCrlMode::kRequire) {
    return Error{ErrorKind::kUnavailable, Check::kSnpCrlMissing,
                 StrCat("no CRL of ", issuers_->anchor->name, ", and amd_crl = require")};
  }
  if (!failed()) JudgeRevocation(mode);
  verdict_.authentic = !failed();
  PublishClaims();
  return std::move(verdict_);
}

// ---- what there is to judge by ----

Status SnpVerification::TakeEndorsements(const std::vector<TableEntry>& table, const EndorsementSet& given) {
  std::vector<Bytes> certificates;
  for (const TableEntry& entry : table) {
    if (entry.content == TableContent::kCrl) {
      TRY_ASSIGN(const Bytes der, DecodeCrl(entry.data, Check::kSnpFormat));
      TRY_ASSIGN(table_crl_, Crl::Parse(der, Check::kSnpFormat));
      continue;
    }
    TRY_ASSIGN(auto found, DecodeCertificates(entry.data, kMaxCertificates, Check::kSnpFormat));
    certificates.insert(certificates.end(), found.begin(), found.end());
  }
  TRY_ASSIGN(set_, SortByRole(certificates, nullptr, Check::kSnpFormat));
  TRY_ASSIGN(const CertificateSet own,
             SortByRole(given.certificates, set_.leaf, Check::kCollateralMalformed));
  Take(set_.intermediate, own.intermediate);
  Take(set_.root, own.root);
  if (!given.crl.empty()) {
    TRY_ASSIGN(const Bytes der, DecodeCrl(given.crl, Check::kCollateralMalformed));
    TRY_ASSIGN(crl_, Crl::Parse(der, Check::kCollateralMalformed));
  }
  if (own.leaf) return TakeLeaf(own.leaf, Check::kCollateralMalformed);
  return set_.leaf ? TakeLeaf(set_.leaf, Check::kSnpFormat) : Status();
}

Status SnpVerification::TakeLeaf(CertificatePtr leaf, Check malformed) {
  TRY_ASSIGN(endorsement_, ParseEndorsement(*leaf, malformed));
  set_.leaf = std::move(leaf);
  return {};
}

// What the evidence or the caller brought stays; but a CRL of today's is better than the one the host
// supplied.
Status SnpVerification::TakeCached(const CachedEndorsements& cached, AmdCrlMode mode) {
  if (!endorsement_ && cached.vcek) {
    TRY(TakeLeaf(CertificatePtr(cached.vcek, cached.vcek->vcek()), Check::kCollateralMalformed));
    verdict_.collateral.push_back(cached.vcek);
    FindProduct();
  }
  if ((!set_.intermediate || !set_.root) && cached.chain && cached.chain->signers().size() == 2) {
    set_.intermediate = cached.chain->signers().front();
    set_.root = cached.chain->signers().back();
    verdict_.collateral.push_back(cached.chain);
  }
  if (mode == AmdCrlMode::kOff || crl_) return {};
  if (cached.crl) {
    crl_ = CrlPtr(cached.crl, cached.crl->crl());
    verdict_.collateral.push_back(cached.crl);
  } else {
    crl_ = table_crl_;
  }
  return {};
}

void SnpVerification::FindProduct() {
  constexpr std::string_view kArk = "ARK-";
  if (product_) return;
  if (report_.claims.cpuid) {
    const auto product = ProductFromCpuId(*report_.claims.cpuid);
    if (product.ok()) product_ = *product;
  } else if (endorsement_) {
    product_ = endorsement_->product;
  } else if (set_.root && set_.root->subject_cn().starts_with(kArk)) {
    product_ = ProductFromName(std::string_view(set_.root->subject_cn()).substr(kArk.size()));
  } else {
    product_ = named_product_ ? named_product_ : GuessProduct(report_.claims.chip_id);
  }
}

// A report of no supported product cannot be read further: the layout of its TCB is the product's. One that
// merely does not say its product may yet be.
Status SnpVerification::CheckSupported() const {
  if (product_) return {};
  if (report_.claims.cpuid) return ProductFromCpuId(*report_.claims.cpuid).error();
  if (!endorsement_) return {};
  return Rejected(Check::kSnpProduct, StrCat("leaf's productName \"", endorsement_->product_name,
                                             "\" is of no supported product"));
}

Error SnpVerification::Missing() const {
  std::string what;
  if (!endorsement_ && kind() == SigningKey::kVlek) {
    what = "VLEK certificate; AMD serves it to cloud providers only, so it has to come with the evidence";
  } else if (!endorsement_ && !product_) {
    what = "VCEK certificate; to look it up for a version 2 report, name the product (Milan, Genoa or Turin)";
  } else if (!endorsement_) {
    what = "VCEK certificate";
  } else {
    what = StrCat("certificate chain of ", product_ ? ProductName(*product_) : "AMD", " (",
                  kind() == SigningKey::kVcek ? "ASK" : "ASVK", ", ARK)");
  }
  return {ErrorKind::kUnavailable, Check::kSnpEndorsementMissing, StrCat("missing: ", what)};
}

SigningKey SnpVerification::kind() const { return KindOf(report_.claims); }

Result<std::vector<CollateralKey>> SnpVerification::needed() const {
  std::vector<CollateralKey> keys;
  if (!product_ || (!endorsement_ && kind() == SigningKey::kVlek)) return Missing();
  if (!endorsement_) {
    const ByteView hwid = report_.claims.chip_id.view().first(TraitsOf(*product_).hwid_size);
    keys.push_back(VcekKey{*product_, HwId(hwid.begin(), hwid.end()),
                           TcbVersion::Decode(*product_, report_.claims.raw_reported_tcb)});
  }
  if (!set_.intermediate || !set_.root) keys.push_back(AmdChainKey{*product_, kind()});
  if (!crl_) keys.push_back(AmdCrlKey{*product_, kind()});
  return keys;
}

// ---- the checks, in their order ----

// The hard finding, if there is one: of a part of a check, which has not passed by that alone.
void SnpVerification::FailUnless(const Status& status) {
  if (!status.ok()) Fail(verdict_, status.error());
}

void SnpVerification::NoteAnchor() {
  const TrustAnchor& anchor = *issuers_->anchor;
  verdict_.trust_anchor = anchor.name;
  verdict_.trust_anchor_extra = anchor.extra;
  if (!anchor.extra) return;
  SoftUnless(verdict_, Check::kTrustAnchorExtra, false,
             [&] { return StrCat("rests on \"", anchor.name, "\", an anchor that the operator added"); });
}

// What the report shows by itself.
void SnpVerification::JudgeReport() {
  const SnpClaims& claims = report_.claims;
  SoftUnless(verdict_, Check::kSnpDebug, !claims.debug(),
             [] { return "POLICY: DEBUG is set: the host may read the guest's memory"; });
  SoftUnless(verdict_, Check::kSnpMigration, !claims.migrate_ma(),
             [] { return "POLICY: MIGRATE_MA is set: a migration agent may move the guest"; });
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
  if (kind() == SigningKey::kVlek) {
    verdict_.checks.SetNotRun(Check::kSnpChipId, "a VLEK is not bound to a chip");
  } else if (!Require(verdict_, Check::kSnpChipId,
                      CheckChipId(report_.claims.chip_id, *product_, *endorsement_))) {
    return;
  }
  if (!Require(verdict_, Check::kSnpTcbBinding, CheckTcb(report_.claims, *product_, *endorsement_))) return;
  if (!Require(verdict_, Check::kSnpSignature, CheckSignature(report_, *set_.leaf))) return;
  (void)Require(verdict_, Check::kSnpTcbOrder, CheckTcbOrder(report_.claims, *product_));
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

void SnpVerification::JudgeRevocation(AmdCrlMode mode) {
  if (!crl_ || mode == AmdCrlMode::kOff) {
    const std::string_view reason =
        mode == AmdCrlMode::kOff ? "amd_crl = off" : "no CRL, and amd_crl = if_available";
    for (const Check check :
         {Check::kSnpRevoked, Check::kSnpCrl, Check::kSnpCrlMissing, Check::kSnpCrlExpired}) {
      verdict_.checks.SetNotRun(check, reason);
    }
    return;
  }
  verdict_.checks.Set(Check::kSnpCrlMissing, CheckResult::kPassed);
  CheckWindow(verdict_, crl_->window(), "CRL", Check::kSnpCrlExpired, Check::kSnpCrlExpired);
  verdict_.window = Intersect(verdict_.window, crl_->window());
  if (!Require(verdict_, Check::kSnpCrl, CheckCrlIssuer(*crl_, *set_.root, memo_))) return;
  (void)Require(verdict_, Check::kSnpRevoked, CheckRevocation());
}

// ---- one check each ----

Status SnpVerification::CheckChain() {
  TRY_ASSIGN(issuers_, CheckIssuers(*set_.intermediate, *set_.root, *anchors_, memo_));
  if (issuers_->kind != kind()) {
    return Rejected(Check::kSnpChain, StrCat("intermediate \"", set_.intermediate->subject_cn(),
                                             "\" does not issue ", SigningKeyName(kind()), " certificates"));
  }
  return CheckLeafProfile(*set_.leaf, *set_.intermediate);
}

Status SnpVerification::CheckRevocation() const {
  for (const CertificatePtr& certificate : {set_.intermediate, set_.root}) {
    if (!crl_->Revokes(*certificate)) continue;
    return Rejected(Check::kSnpRevoked,
                    StrCat("\"", certificate->subject_cn(), "\", serial ", HexLower(certificate->serial()),
                           ", is in the CRL of \"", crl_->issuer_cn(), "\""));
  }
  return {};  // every leaf has serial 0: looking it up would mean nothing (SNP b)
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

Result<Verdict> VerifyReport(ByteView evidence, const EndorsementSet& given, std::optional<Product> product,
                             const TrustAnchors& anchors, Instant at, AmdCrlMode mode, SignatureMemo* memo) {
  TRY_ASSIGN(auto verification, SnpVerification::Begin(evidence, given, product, anchors, at, memo));
  return std::move(verification).Finish({}, mode);
}

}  // namespace thimble::amd
