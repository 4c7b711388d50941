// SPDX-License-Identifier: Apache-2.0
#include "tcb/intel/collateral.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/intel/enclave_identity.h"
#include "tcb/intel/evaluation_numbers.h"
#include "tcb/intel/pck_chain.h"
#include "tcb/intel/signed_json.h"
#include "tcb/intel/tcb_info.h"
#include "tcb/pki/pem.h"

namespace thimble::intel {
namespace {

constexpr size_t kMaxChain = 8;

Error Rejected(Check check, std::string message) { return {ErrorKind::kRejected, check, std::move(message)}; }

Result<std::vector<Bytes>> IssuerCertificates(const CollateralBytes& bytes) {
  return DecodeCertificates(AsBytes(bytes.issuer_chain), kMaxChain, Check::kCollateralMalformed);
}

std::string UnknownRoot(const Certificate& root) {
  return StrCat("root \"", root.subject_cn(), "\" with SPKI SHA-256 ", root.spki_sha256().hex(),
                " is not a trust anchor");
}

// DCAP 2.4: CRL number and authority key identifier are required of both CRLs.
Result<CrlPtr> DecodeIntelCrl(const CollateralBytes& bytes) {
  TRY_ASSIGN(const Bytes der, DecodeCrl(bytes.body, Check::kCollateralMalformed));
  TRY_ASSIGN(auto crl, Crl::Parse(der, Check::kCollateralMalformed));
  if (!crl->has_number() || !crl->has_authority_key_id()) {
    return Error{ErrorKind::kMalformed, Check::kCollateralMalformed,
                 "CRL: lacks CRL number or authority key identifier"};
  }
  return crl;
}

ItemParts CrlParts(CollateralKey key, CrlPtr crl, std::vector<CertificatePtr> signers,
                   const TrustAnchor* anchor) {
  ItemParts parts;
  parts.key = std::move(key);
  parts.body = Bytes(crl->der().begin(), crl->der().end());
  parts.signers = std::move(signers);
  parts.anchor = anchor;
  parts.window = crl->window();
  parts.order_number = SaturatedNumber(crl->number());
  parts.crl = std::move(crl);
  return parts;
}

// That a CRL speaks for the certificate that should have issued it, and its signature.
Status CheckCrl(const Crl& crl, const Certificate& issuer, Check issuer_check, Check signature_check) {
  if (auto problem = CrlIssuerProblem(crl, issuer)) return Rejected(issuer_check, std::move(*problem));
  if (!crl.SignedBy(issuer)) {
    return Rejected(signature_check,
                    StrCat("signature of the CRL does not hold under \"", issuer.subject_cn(), "\""));
  }
  return {};
}

// A signed member under the TCB signing chain: the chain, then the signature over the raw bytes.
struct Authenticated {
  SigningChain chain;
  const TrustAnchor* anchor;
};
Result<Authenticated> AuthenticateSigned(const SignedJson& json, const CollateralBytes& bytes,
                                         const TrustAnchors& anchors, CertificatePool& pool,
                                         Check signature_check) {
  TRY_ASSIGN(const auto certificates, IssuerCertificates(bytes));
  TRY_ASSIGN(auto chain, BuildSigningChain(certificates, pool));
  const TrustAnchor* const anchor = anchors.Find(Vendor::kIntel, *chain.root);
  if (anchor == nullptr) return Rejected(Check::kSigningChainUntrusted, UnknownRoot(*chain.root));
  if (!chain.signer->ec_key()->VerifyRaw(json.signed_bytes, json.signature)) {
    return Rejected(signature_check,
                    StrCat("signature over ", json.signed_bytes.size(), " bytes does not hold under \"",
                           chain.signer->subject_cn(), "\""));
  }
  return Authenticated{std::move(chain), anchor};
}

ItemParts SignedParts(CollateralKey key, const CollateralBytes& bytes, const Authenticated& by,
                      Validity window, uint64_t order_number) {
  ItemParts parts;
  parts.key = std::move(key);
  parts.body = bytes.body;
  parts.signers = {by.chain.signer, by.chain.root};
  parts.anchor = by.anchor;
  parts.window = window;
  parts.order_number = order_number;
  return parts;
}

constexpr std::string_view kTcbInfo = "tcbInfo";
constexpr std::string_view kEnclaveIdentity = "enclaveIdentity";

}  // namespace

Result<ItemParts> AuthenticateRootCaCrl(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                        CertificatePool& pool) {
  TRY_ASSIGN(auto crl, DecodeIntelCrl(bytes));
  TRY_ASSIGN(const auto certificates, IssuerCertificates(bytes));
  TRY_ASSIGN(const CaChain chain, BuildCaChain(certificates, Check::kCrlRootIssuer, pool));
  if (chain.intermediate)
    return Rejected(Check::kCrlRootIssuer, "issuer chain of the root CA CRL is more than the root");
  const TrustAnchor* const anchor = anchors.Find(Vendor::kIntel, *chain.root);
  if (anchor == nullptr) return Rejected(Check::kCrlRootIssuer, UnknownRoot(*chain.root));
  TRY(CheckCrl(*crl, *chain.root, Check::kCrlRootIssuer, Check::kCrlRootSignature));
  return CrlParts(RootCaCrlKey{}, std::move(crl), {chain.root}, anchor);
}

Result<ItemParts> AuthenticatePckCrl(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                     CertificatePool& pool) {
  TRY_ASSIGN(auto crl, DecodeIntelCrl(bytes));
  TRY_ASSIGN(const auto certificates, IssuerCertificates(bytes));
  TRY_ASSIGN(const CaChain chain, BuildCaChain(certificates, Check::kCrlPckIssuer, pool));
  if (!chain.intermediate) return Rejected(Check::kCrlPckIssuer, "issuer chain of the PCK CRL has no PCK CA");
  const TrustAnchor* const anchor = anchors.Find(Vendor::kIntel, *chain.root);
  if (anchor == nullptr) return Rejected(Check::kCrlPckIssuer, UnknownRoot(*chain.root));
  TRY(CheckCrl(*crl, *chain.intermediate, Check::kCrlPckIssuer, Check::kCrlPckSignature));
  const bool platform = chain.intermediate->subject_cn() == kPlatformCaCn;
  return CrlParts(PckCrlKey{platform ? PckCa::kPlatform : PckCa::kProcessor}, std::move(crl),
                  {chain.intermediate, chain.root}, anchor);
}

Result<ItemParts> AuthenticateTcbInfo(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                      CertificatePool& pool) {
  TRY_ASSIGN(const SignedJson json, SplitSignedJson(bytes.body, kTcbInfo));
  TRY_ASSIGN(auto info, DecodeTcbInfo(json.signed_bytes));
  TRY_ASSIGN(const Authenticated by,
             AuthenticateSigned(json, bytes, anchors, pool, Check::kTcbInfoSignature));
  const TcbInfoKey key{info.tee, info.fmspc, {Selector::Kind::kNumber, info.evaluation_number}};
  ItemParts parts = SignedParts(key, bytes, by, {info.issue_date, info.next_update}, info.evaluation_number);
  parts.tcb_info = std::make_shared<const TcbInfo>(std::move(info));
  return parts;
}

Result<ItemParts> AuthenticateEnclaveIdentity(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                              CertificatePool& pool) {
  TRY_ASSIGN(const SignedJson json, SplitSignedJson(bytes.body, kEnclaveIdentity));
  TRY_ASSIGN(auto identity, DecodeEnclaveIdentity(json.signed_bytes));
  TRY_ASSIGN(const Authenticated by,
             AuthenticateSigned(json, bytes, anchors, pool, Check::kQeIdentitySignature));
  const EnclaveIdentityKey key{identity.id, {Selector::Kind::kNumber, identity.evaluation_number}};
  ItemParts parts =
      SignedParts(key, bytes, by, {identity.issue_date, identity.next_update}, identity.evaluation_number);
  parts.identity = std::make_shared<const EnclaveIdentity>(std::move(identity));
  return parts;
}

Result<ItemParts> AuthenticateEvaluationNumbers(const CollateralBytes& bytes, const TrustAnchors& anchors,
                                                CertificatePool& pool) {
  TRY_ASSIGN(const SignedJson json, SplitSignedJson(bytes.body, "tcbEvaluationDataNumbers"));
  TRY_ASSIGN(auto numbers, DecodeEvaluationNumbers(json.signed_bytes));
  TRY_ASSIGN(const Authenticated by,
             AuthenticateSigned(json, bytes, anchors, pool, Check::kEvaluationNumbersSignature));
  ItemParts parts =
      SignedParts(EvaluationNumbersKey{numbers.tee}, bytes, by, {numbers.issue_date, numbers.next_update}, 0);
  parts.numbers = std::make_shared<const EvaluationNumbers>(std::move(numbers));
  return parts;
}

std::optional<ItemWindows> StatedWindows(ItemKind kind, const CollateralBytes& bytes) {
  ItemWindows windows;
  if (kind == ItemKind::kTcbInfo) {
    const auto json = SplitSignedJson(bytes.body, kTcbInfo);
    const auto info = json.ok() ? DecodeTcbInfo(json->signed_bytes) : Result<TcbInfo>(json.error());
    if (!info.ok()) return std::nullopt;
    windows.item = {info->issue_date, info->next_update};
  } else if (kind == ItemKind::kEnclaveIdentity) {
    const auto json = SplitSignedJson(bytes.body, kEnclaveIdentity);
    const auto identity =
        json.ok() ? DecodeEnclaveIdentity(json->signed_bytes) : Result<EnclaveIdentity>(json.error());
    if (!identity.ok()) return std::nullopt;
    windows.item = {identity->issue_date, identity->next_update};
  } else {
    const auto crl = DecodeIntelCrl(bytes);
    if (!crl.ok()) return std::nullopt;
    windows.item = (*crl)->window();
  }
  const auto certificates = IssuerCertificates(bytes);
  if (!certificates.ok()) return windows;
  for (const Bytes& der : *certificates) {
    const auto certificate = Certificate::Parse(der, Check::kCollateralMalformed);
    if (certificate.ok()) windows.chain = Intersect(windows.chain, (*certificate)->validity());
  }
  return windows;
}

}  // namespace thimble::intel
