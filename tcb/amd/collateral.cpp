// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/collateral.h"

#include "tcb/amd/binding.h"
#include "tcb/amd/chain.h"
#include "tcb/amd/endorsement.h"
#include "tcb/amd/product.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble::amd {
namespace {

constexpr Check kMalformed = Check::kCollateralMalformed;
constexpr size_t kMaxChain = 4;

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

Result<CertificateSet> DecodeChain(ByteView text) {
  TRY_ASSIGN(const auto certificates, DecodeCertificates(text, kMaxChain, kMalformed));
  return SortByRole(certificates, nullptr, kMalformed);
}

// ASK or ASVK, and ARK, both there and in order.
Result<Issuers> CheckBoth(const CertificateSet& set, const TrustAnchors& anchors) {
  if (!set.intermediate || !set.root) {
    return Rejected(Check::kSnpChain, StrCat("chain without ", set.root ? "ASK or ASVK" : "ARK"));
  }
  return CheckIssuers(*set.intermediate, *set.root, anchors, nullptr);
}

// What a VCEK is asked for by. Its SPLs are a TCB only when they are those of the product's layout.
Result<VcekKey> KeyOf(const Endorsement& endorsement, Product product) {
  const ProductTraits& traits = TraitsOf(product);
  const TcbVersion tcb = TcbOf(endorsement, product);
  if (endorsement.hwid.size() != traits.hwid_size) {
    return Rejected(Check::kSnpChipId, StrCat("hwID of ", endorsement.hwid.size(), " bytes, ", traits.name,
                                              " has ", traits.hwid_size));
  }
  // Without fmc where the layout has none, and with it where it has one.
  if (const auto difference = TcbDifference(endorsement, tcb)) {
    return Rejected(Check::kSnpTcbBinding, StrCat("SPLs of a ", traits.name, " leaf: ", *difference));
  }
  return VcekKey{product, endorsement.hwid, tcb};
}

Result<VcekKey> CheckVcek(const Certificate& leaf, const CertificateSet& chain, const Issuers& issuers) {
  TRY_ASSIGN(const Endorsement endorsement, ParseEndorsement(leaf, kMalformed));
  if (!IsOfKind(leaf, endorsement, SigningKey::kVcek) || issuers.kind != SigningKey::kVcek) {
    return Rejected(Check::kSnpSigningKey, StrCat("\"", leaf.subject_cn(), "\" under \"",
                                                  chain.intermediate->subject_cn(), "\" is not a VCEK"));
  }
  TRY(CheckLeafProfile(leaf, *chain.intermediate));
  TRY(CheckLeafSignature(leaf, *chain.intermediate, nullptr));
  TRY(CheckProduct(issuers.product, issuers, endorsement, std::nullopt));
  return KeyOf(endorsement, issuers.product);
}

Bytes ToBytes(ByteView view) { return Bytes(view.begin(), view.end()); }

}  // namespace

Result<ItemParts> AuthenticateChain(const CollateralBytes& bytes, const TrustAnchors& anchors) {
  TRY_ASSIGN(const CertificateSet set, DecodeChain(bytes.body));
  TRY_ASSIGN(const Issuers issuers, CheckBoth(set, anchors));
  ItemParts parts;
  parts.key = AmdChainKey{issuers.product, issuers.kind};
  parts.signers = {set.intermediate, set.root};
  for (const CertificatePtr& certificate : parts.signers) {
    const std::string pem = EncodePem(certificate->der(), "CERTIFICATE");
    parts.body.insert(parts.body.end(), pem.begin(), pem.end());
  }
  parts.anchor = issuers.anchor;
  parts.window = Intersect(set.intermediate->validity(), set.root->validity());
  return parts;
}

Result<ItemParts> AuthenticateCrl(const CollateralBytes& bytes, const TrustAnchors& anchors) {
  TRY_ASSIGN(const Bytes der, DecodeCrl(bytes.body, kMalformed));
  TRY_ASSIGN(auto crl, Crl::Parse(der, kMalformed));
  TRY_ASSIGN(const CertificateSet set, DecodeChain(AsBytes(bytes.issuer_chain)));
  if (!set.root) return Rejected(Check::kSnpChain, "issuer chain of the CRL without ARK");
  TRY_ASSIGN(const RootAnchor root, CheckRoot(*set.root, anchors, nullptr));
  TRY(CheckCrlIssuer(*crl, *set.root, nullptr));
  SigningKey kind = SigningKey::kVcek;
  if (set.intermediate) {
    TRY_ASSIGN(const Issuers issuers, CheckIssuers(*set.intermediate, *set.root, anchors, nullptr));
    kind = issuers.kind;
  }
  ItemParts parts;
  parts.key = AmdCrlKey{root.product, kind};
  parts.body = der;
  parts.signers = {set.root};
  parts.anchor = root.anchor;
  parts.window = crl->window();
  parts.order_number = SaturatedNumber(crl->number());
  parts.crl = std::move(crl);
  return parts;
}

Result<ItemParts> AuthenticateVcek(const CollateralBytes& bytes, const TrustAnchors& anchors) {
  TRY_ASSIGN(const auto leaves, DecodeCertificates(bytes.body, kMaxChain, kMalformed));
  if (leaves.size() != 1) {
    return Error{ErrorKind::kMalformed, kMalformed,
                 StrCat(leaves.size(), " certificates, expected one VCEK")};
  }
  TRY_ASSIGN(auto leaf, Certificate::Parse(leaves.front(), kMalformed));
  TRY_ASSIGN(const CertificateSet chain, DecodeChain(AsBytes(bytes.issuer_chain)));
  TRY_ASSIGN(const Issuers issuers, CheckBoth(chain, anchors));
  TRY_ASSIGN(auto key, CheckVcek(*leaf, chain, issuers));
  ItemParts parts;
  parts.key = std::move(key);
  parts.body = ToBytes(leaf->der());
  parts.signers = {chain.intermediate, chain.root};
  parts.anchor = issuers.anchor;
  parts.window = leaf->validity();
  parts.vcek = std::move(leaf);
  return parts;
}

}  // namespace thimble::amd
