// SPDX-License-Identifier: Apache-2.0
//
// Collateral as a caller hands it in: decode and authenticate the whole set, once.
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/collateral.h"
#include "tcb/intel/quote.h"
#include "tcb/intel/verify.h"
#include "tcb/pki/pem.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxChain = 8;

// The certificates of a PEM chain from the first CA on: the issuer chain of a CRL whose own chain was not
// given.
std::string WithoutLeaf(std::string_view chain) {
  std::string out;
  const auto certificates = DecodePem(chain, "CERTIFICATE", kMaxChain, Check::kCollateralMalformed);
  if (!certificates.ok()) return out;
  for (const Bytes& der : *certificates) {
    const auto certificate = Certificate::Parse(der, Check::kCollateralMalformed);
    if (certificate.ok() && (*certificate)->is_ca() == true) out += EncodePem(der, "CERTIFICATE");
  }
  return out;
}

// The root alone: what a root CA CRL is checked under.
std::string RootOf(std::string_view chain) {
  const auto certificates = DecodePem(chain, "CERTIFICATE", kMaxChain, Check::kCollateralMalformed);
  if (!certificates.ok()) return {};
  for (const Bytes& der : *certificates) {
    const auto certificate = Certificate::Parse(der, Check::kCollateralMalformed);
    if (certificate.ok() && (*certificate)->self_issued()) return EncodePem(der, "CERTIFICATE");
  }
  return {};
}

// The four items with the issuer chain that each is authenticated by.
struct SetBytes {
  CollateralBytes root_ca_crl, pck_crl, tcb_info, qe_identity;
};

Result<SetBytes> Complete(const CollateralSet& set) {
  std::string missing;
  const auto need = [&](bool there, std::string_view name) {
    if (!there) missing += StrCat(missing.empty() ? "" : ", ", name);
  };
  const std::string pck_crl_chain =
      set.pck_crl_issuer_chain.empty() ? WithoutLeaf(set.pck_chain) : set.pck_crl_issuer_chain;
  need(!set.root_ca_crl.empty(), "root CA CRL");
  need(!set.pck_crl.empty(), "PCK CRL");
  need(!pck_crl_chain.empty(), "issuer chain of the PCK CRL");
  need(!set.tcb_info.empty(), "TCB info");
  need(!set.tcb_info_issuer_chain.empty(), "issuer chain of the TCB info");
  need(!set.qe_identity.empty(), "QE identity");
  need(!set.qe_identity_issuer_chain.empty(), "issuer chain of the QE identity");
  if (!missing.empty())
    return Error{ErrorKind::kUnavailable, Check::kCollateralMissing, StrCat("missing: ", missing)};
  return SetBytes{{set.root_ca_crl, RootOf(set.tcb_info_issuer_chain)},
                  {set.pck_crl, pck_crl_chain},
                  {set.tcb_info, set.tcb_info_issuer_chain},
                  {set.qe_identity, set.qe_identity_issuer_chain}};
}

Result<VerifiedCollateral> Authenticate(const SetBytes& bytes, const TrustAnchors& anchors) {
  CertificatePool pool(anchors);
  TRY_ASSIGN(auto tcb_info, AuthenticateTcbInfo(bytes.tcb_info, anchors, pool));
  TRY_ASSIGN(auto qe_identity, AuthenticateEnclaveIdentity(bytes.qe_identity, anchors, pool));
  TRY_ASSIGN(auto root_ca_crl, AuthenticateRootCaCrl(bytes.root_ca_crl, anchors, pool));
  TRY_ASSIGN(auto pck_crl, AuthenticatePckCrl(bytes.pck_crl, anchors, pool));
  return VerifiedCollateral{MakeItem(std::move(root_ca_crl)),
                            MakeItem(std::move(pck_crl)),
                            MakeItem(std::move(tcb_info)),
                            MakeItem(std::move(qe_identity)),
                            {}};
}

StatedCollateral Stated(const SetBytes& bytes) {
  StatedCollateral out;
  const auto add = [&](ItemKind kind, const CollateralBytes& item) {
    if (const auto windows = StatedWindows(kind, item)) out.emplace_back(kind, *windows);
  };
  add(ItemKind::kRootCaCrl, bytes.root_ca_crl);
  add(ItemKind::kPckCrl, bytes.pck_crl);
  add(ItemKind::kTcbInfo, bytes.tcb_info);
  add(ItemKind::kEnclaveIdentity, bytes.qe_identity);
  return out;
}

// An empty issuer chain of the PCK CRL is taken from the PCK chain, the caller's or the quote's own.
CollateralSet WithChains(ByteView quote, const CollateralSet& set) {
  CollateralSet out = set;
  if (!out.pck_crl_issuer_chain.empty()) return out;
  out.pck_crl_issuer_chain = WithoutLeaf(set.pck_chain);
  const auto parsed = ParseQuote(quote);
  if (out.pck_crl_issuer_chain.empty() && parsed.ok() &&
      parsed->certification_type == CertificationDataType::kPckChain) {
    out.pck_crl_issuer_chain = WithoutLeaf(AsText(parsed->certification_data));
  }
  return out;
}

}  // namespace

std::vector<ItemBytes> ItemsIn(const CollateralSet& set, ByteView quote) {
  const CollateralSet whole = WithChains(quote, set);
  std::string root;
  for (const std::string* chain :
       {&whole.tcb_info_issuer_chain, &whole.qe_identity_issuer_chain, &whole.pck_crl_issuer_chain}) {
    if (root.empty()) root = RootOf(*chain);
  }
  std::vector<ItemBytes> items;
  const auto add = [&items](ItemKind kind, const Bytes& body, const std::string& chain) {
    if (!body.empty()) items.push_back({kind, {body, chain}});
  };
  add(ItemKind::kRootCaCrl, whole.root_ca_crl, root);
  add(ItemKind::kPckCrl, whole.pck_crl, whole.pck_crl_issuer_chain);
  add(ItemKind::kTcbInfo, whole.tcb_info, whole.tcb_info_issuer_chain);
  add(ItemKind::kEnclaveIdentity, whole.qe_identity, whole.qe_identity_issuer_chain);
  return items;
}

Result<VerifiedCollateral> PrepareCollateral(const CollateralSet& set, const TrustAnchors& anchors) {
  TRY_ASSIGN(const SetBytes bytes, Complete(set));
  TRY_ASSIGN(auto collateral, Authenticate(bytes, anchors));
  collateral.pck_chain = set.pck_chain;
  return collateral;
}

Result<Verdict> VerifyQuoteWith(ByteView quote, const CollateralSet& set, const TrustAnchors& anchors,
                                Instant at, Memo* memo) {
  TRY_ASSIGN(auto run, QuoteVerification::Begin(quote, set.pck_chain, anchors, at, memo, nullptr));
  const auto bytes = Complete(WithChains(quote, set));
  if (!bytes.ok()) {
    // What the evidence alone shows comes first: a hard failure there needs no collateral.
    if (run.failed()) return run.verdict();
    return bytes.error();
  }
  const auto collateral = Authenticate(*bytes, anchors);
  if (collateral.ok()) return std::move(run).Finish(*collateral);
  if (collateral.error().kind == ErrorKind::kMalformed && !run.failed()) return collateral.error();
  return std::move(run).FinishRejected(collateral.error(), Stated(*bytes));
}

}  // namespace thimble::intel
