// SPDX-License-Identifier: Apache-2.0
//
// What there is to judge a report by: what the caller gives, hints, and what is held or was sought.
#include <algorithm>
#include <utility>

#include "tcb/amd/binding.h"
#include "tcb/amd/product.h"
#include "tcb/amd/verify.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/collateral_parts.h"
#include "tcb/pki/pem.h"

namespace thimble::amd {
namespace {

constexpr Seconds kFutureTolerance{300};  // as of items that are stored (collateral.h)

// A version 2 report does not name its CPU. A chip id of 8 bytes is Turin's: good enough to look a leaf up
// by, which then settles it.
std::optional<Product> GuessProduct(const ChipId& chip_id) {
  const size_t turin_size = TraitsOf(Product::kTurin).hwid_size;
  const bool turin = !chip_id.zero() && AllZero(chip_id.view().subspan(turin_size));
  return turin ? std::optional(Product::kTurin) : std::nullopt;
}

}  // namespace

EndorsementSet AsGiven(const EndorsementSet& set) {
  const auto bytes = [](ByteView view) { return Bytes(view.begin(), view.end()); };
  EndorsementSet out{.certificates = set.certificates, .crl = set.crl, .hints = {}};
  bool leaf = false;
  for (const Hint& hint : set.hints) {
    Hints read;
    read.Add(hint.name, hint.bytes, BroughtBy::kCaller);
    if (!read.dropped.empty()) out.hints.push_back(hint);
    for (const CertificateHint& certificate : read.certificates) {
      const ByteView der = certificate.certificate->der();
      if (leaf && IsLeaf(*certificate.certificate)) {
        out.hints.push_back({certificate.name, bytes(der)});
      } else {
        leaf = leaf || IsLeaf(*certificate.certificate);
        out.certificates.push_back(bytes(der));
      }
    }
    for (const BroughtCrl& brought : read.crls) {
      if (!out.crl.empty()) out.hints.push_back({brought.name, bytes(brought.crl->der())});
      if (out.crl.empty()) out.crl = bytes(brought.crl->der());
    }
  }
  return out;
}

EndorsementSet AsHints(const EndorsementSet& set) {
  EndorsementSet out;
  for (const Bytes& certificate : set.certificates) out.hints.push_back({"certificate", certificate});
  if (!set.crl.empty()) out.hints.push_back({"CRL", set.crl});
  out.hints.insert(out.hints.end(), set.hints.begin(), set.hints.end());
  return out;
}

Status SnpVerification::TakeEndorsements(const ExtendedReport& evidence, const EndorsementSet& given) {
  const auto note = [&](BroughtBy by) {
    for (const CertificateHint& hint : hints_.certificates) bringers_.emplace(hint.certificate->sha256(), by);
  };
  for (const Hint& hint : given.hints) hints_.Add(hint.name, hint.bytes, BroughtBy::kCaller);
  note(BroughtBy::kCaller);
  for (const TableEntry& entry : evidence.table) hints_.Add(entry.name, entry.data, BroughtBy::kHost);
  note(BroughtBy::kHost);
  for (const std::string& dropped : evidence.dropped) hints_.dropped.push_back(dropped);
  FindProduct();
  leaves_ = FittingLeaves(hints_, {report_.claims, product_, verdict_.at});
  TRY(TakeGiven(given));
  FindProduct();
  TakeHints();
  FindProduct();
  NoteDropped();
  return {};
}

// What the caller gives is judged as it is.
Status SnpVerification::TakeGiven(const EndorsementSet& given) {
  TRY_ASSIGN(set_, SortByRole(given.certificates, leaves_.empty() ? nullptr : leaves_.front().certificate,
                              Check::kCollateralMalformed));
  if (!given.crl.empty()) {
    TRY_ASSIGN(const Bytes der, DecodeCrl(given.crl, Check::kCollateralMalformed));
    TRY_ASSIGN(crl_, Crl::Parse(der, Check::kCollateralMalformed));
  }
  return set_.leaf ? TakeLeaf(set_.leaf, Check::kCollateralMalformed) : Status();
}

void SnpVerification::TakeHints() {
  if (endorsement_) leaves_.clear();
  auto issuers = ChooseIssuers(hints_, {kind(), product_, verdict_.at, *anchors_, memo_});
  if (issuers) {
    if (!set_.intermediate && !set_.root) issuers_ = issuers->issuers;
    if (!set_.intermediate) set_.intermediate = std::move(issuers->intermediate);
    if (!set_.root) set_.root = std::move(issuers->root);
  }
  TakeLeafHint();
}

// Once there are issuers to hold the leaves against.
void SnpVerification::TakeLeafHint() {
  if (endorsement_ || leaves_.empty() || !set_.intermediate || !set_.root) return;
  auto leaf = ChooseLeaf(leaves_, *set_.intermediate, report_, memo_, hints_);
  leaves_.clear();
  if (!leaf) return;
  set_.leaf = std::move(leaf->certificate);
  endorsement_ = std::move(leaf->endorsement);
}

Status SnpVerification::TakeLeaf(CertificatePtr leaf, Check malformed) {
  TRY_ASSIGN(endorsement_, ParseEndorsement(*leaf, malformed));
  set_.leaf = std::move(leaf);
  return {};
}

// What the evidence or the caller brought stays. A VCEK brings its own chain.
Status SnpVerification::TakeCached(const CachedEndorsements& cached, AmdCrlMode mode) {
  const ItemPtr& chain = cached.chain ? cached.chain : cached.vcek;
  if ((!set_.intermediate || !set_.root) && chain && chain->signers().size() == 2) {
    set_.intermediate = chain->signers().front();
    set_.root = chain->signers().back();
    if (cached.chain) verdict_.collateral.push_back(cached.chain);
  }
  TakeLeafHint();
  NoteDropped();
  if (!endorsement_ && cached.vcek) {
    TRY(TakeLeaf(CertificatePtr(cached.vcek, cached.vcek->vcek()), Check::kCollateralMalformed));
    verdict_.collateral.insert(verdict_.collateral.begin(), cached.vcek);
  }
  FindProduct();
  if (mode == AmdCrlMode::kOff || crl_ || !cached.crl) return {};
  crl_ = CrlPtr(cached.crl, cached.crl->crl());
  verdict_.collateral.push_back(cached.crl);
  return {};
}

// The CPU's, where the report names it. Else what there is in its place: the leaf's, or what a leaf is looked up by,
// which then settles it.
void SnpVerification::FindProduct() {
  constexpr std::string_view kArk = "ARK-";
  product_.reset();
  if (report_.claims.cpuid) {
    const auto product = ProductFromCpuId(*report_.claims.cpuid);
    if (product.ok()) product_ = *product;
  } else if (endorsement_) {
    product_ = endorsement_->product;
  } else if (!leaves_.empty()) {
    product_ = leaves_.front().endorsement.product;
  } else if (!issuers_ && set_.root && set_.root->subject_cn().starts_with(kArk)) {
    product_ = ProductFromName(std::string_view(set_.root->subject_cn()).substr(kArk.size()));
  } else if (named_product_) {
    product_ = named_product_;
  } else {
    product_ = issuers_ ? issuers_->product : GuessProduct(report_.claims.chip_id);
  }
}

Error SnpVerification::Missing() const {
  std::string what;
  if (!has_leaf() && kind() == SigningKey::kVlek) {
    what = "VLEK certificate; AMD serves it to cloud providers only, so it has to come with the evidence";
  } else if (!has_leaf() && masked()) {
    what = "VCEK certificate; CHIP_ID is all zero (the host masks it), so it has to come with the evidence";
  } else if (!has_leaf() && !product_) {
    what = "VCEK certificate; to look it up for a version 2 report, name the product (Milan, Genoa or Turin)";
  } else if (!has_leaf()) {
    what = "VCEK certificate";
  } else {
    what = StrCat("certificate chain of ", product_ ? ProductName(*product_) : "AMD", " (",
                  kind() == SigningKey::kVcek ? "ASK" : "ASVK", ", ARK)");
  }
  for (const std::string& dropped : hints_.dropped) what += StrCat("; dropped: ", dropped);
  return {ErrorKind::kUnavailable, Check::kSnpEndorsementMissing, StrCat("missing: ", what)};
}

SigningKey SnpVerification::kind() const { return KindOf(report_.claims); }
bool SnpVerification::masked() const { return kind() == SigningKey::kVcek && report_.claims.chip_id.zero(); }

std::optional<CollateralKey> SnpVerification::vcek_key() const {
  if (!product_ || kind() == SigningKey::kVlek || masked()) return std::nullopt;
  const ByteView hwid = report_.claims.chip_id.view().first(TraitsOf(*product_).hwid_size);
  return VcekKey{*product_, HwId(hwid.begin(), hwid.end()),
                 TcbVersion::Decode(*product_, report_.claims.raw_reported_tcb)};
}

Result<std::vector<CollateralKey>> SnpVerification::needed() const {
  std::vector<CollateralKey> keys;
  if (!product_) return Missing();
  if (!has_leaf()) {
    const auto vcek = vcek_key();
    if (!vcek) return Missing();
    keys.push_back(*vcek);
  }
  if (!set_.intermediate || !set_.root) keys.push_back(AmdChainKey{*product_, kind()});
  if (!crl_) keys.push_back(AmdCrlKey{*product_, kind()});
  return keys;
}

std::optional<CollateralKey> SnpVerification::also_needed(const CachedEndorsements& cached) const {
  if (endorsement_ || leaves_.empty() || !cached.chain || cached.chain->signers().empty())
    return std::nullopt;
  const Certificate& intermediate = *cached.chain->signers().front();
  const bool any = std::ranges::any_of(leaves_, [&](const LeafHint& leaf) {
    return CheckIssued(*leaf.certificate, intermediate, memo_).ok();
  });
  return any ? std::nullopt : vcek_key();
}

std::vector<BroughtCrl> SnpVerification::brought_crls(const CachedEndorsements& cached) const {
  const ItemPtr& chain = cached.chain ? cached.chain : cached.vcek;
  const CertificatePtr root = set_.root                            ? set_.root
                              : chain && !chain->signers().empty() ? chain->signers().back()
                                                                   : nullptr;
  std::vector<BroughtCrl> out;
  if (!root) return out;
  std::ranges::copy_if(hints_.crls, std::back_inserter(out), [&](const BroughtCrl& brought) {
    return CheckCrlIssuer(*brought.crl, *root, memo_).ok() &&
           brought.crl->window().not_before <= verdict_.at + kFutureTolerance;
  });
  return out;
}

bool SnpVerification::knows_newer_crl(const CachedEndorsements& cached) const {
  if (!cached.crl || hints_.crls.empty()) return false;
  const std::pair held(cached.crl->order_number(), cached.crl->issued());
  return std::ranges::any_of(brought_crls(cached), [&](const BroughtCrl& brought) {
    return std::pair(SaturatedNumber(brought.crl->number()), brought.crl->window().not_before) > held;
  });
}

}  // namespace thimble::amd
