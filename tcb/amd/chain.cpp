// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/chain.h"

#include <algorithm>

#include "tcb/amd/endorsement.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

Error ChainError(std::string message) { return {ErrorKind::kRejected, Check::kSnpChain, std::move(message)}; }

// The one with the subject that is named, else any: the chain check then says what is wrong with it.
CertificatePtr Pick(const std::vector<CertificatePtr>& candidates, const CertificatePtr& below) {
  if (candidates.empty()) return nullptr;
  if (!below) return candidates.front();
  const auto named = std::ranges::find_if(
      candidates, [&](const CertificatePtr& c) { return Equal(c->subject(), below->issuer()); });
  return named == candidates.end() ? candidates.front() : *named;
}

bool MaySign(const Certificate& certificate) {
  return certificate.is_ca() == true && certificate.HasUsage(kKeyCertSign) &&
         certificate.rsa_key() != nullptr;
}

Result<SigningKey> CheckIntermediate(const Certificate& intermediate, const Certificate& root,
                                     Product product, SignatureMemo* memo) {
  const std::string& name = intermediate.subject_cn();
  const bool ask = name == StrCat("SEV-", ProductName(product));
  if (!ask && name != StrCat("SEV-VLEK-", ProductName(product))) {
    return ChainError(StrCat("intermediate \"", name, "\" under \"", root.subject_cn(), "\" is neither SEV-",
                             ProductName(product), " nor SEV-VLEK-", ProductName(product)));
  }
  if (!MaySign(intermediate) || intermediate.path_length() != 0u) {
    return ChainError(StrCat("intermediate \"", name, "\" is not a CA with path length 0"));
  }
  if (!root.AllowsIntermediate()) {
    return ChainError(
        StrCat("path length 0 of \"", root.subject_cn(), "\" leaves no room for \"", name, "\""));
  }
  if (!Equal(intermediate.issuer(), root.subject())) {
    return ChainError(StrCat("intermediate \"", name, "\" was issued by \"", intermediate.issuer_cn(),
                             "\", the root is \"", root.subject_cn(), "\""));
  }
  if (!SignedBy(intermediate, root, memo)) {
    return ChainError(StrCat("signature of \"", root.subject_cn(), "\" on \"", name, "\" does not hold"));
  }
  return ask ? SigningKey::kVcek : SigningKey::kVlek;
}

}  // namespace

bool IsLeaf(const Certificate& certificate) {
  const std::string& name = certificate.subject_cn();
  if (IsLeafName(name)) return true;
  if (name.starts_with("SEV-") || name.starts_with("ARK-")) return false;
  return certificate.is_ca() != true && !certificate.self_issued();
}

Result<CertificateSet> SortByRole(const std::vector<Bytes>& certificates, const CertificatePtr& leaf,
                                  Check malformed) {
  std::vector<CertificatePtr> intermediates, roots;
  CertificateSet set;
  for (const Bytes& der : certificates) {
    TRY_ASSIGN(const auto certificate, Certificate::Parse(der, malformed));
    if (!IsLeaf(*certificate)) {
      (certificate->self_issued() ? roots : intermediates).push_back(certificate);
    } else if (set.leaf && set.leaf->sha256() != certificate->sha256()) {
      return Error{ErrorKind::kMalformed, malformed, "two different leaf certificates"};
    } else {
      set.leaf = certificate;
    }
  }
  set.intermediate = Pick(intermediates, set.leaf ? set.leaf : leaf);
  set.root = Pick(roots, set.intermediate);
  return set;
}

Result<RootAnchor> CheckRoot(const Certificate& root, const TrustAnchors& anchors, SignatureMemo* memo) {
  const TrustAnchor* anchor = anchors.Find(Vendor::kAmd, root);
  if (anchor == nullptr) {
    return ChainError(StrCat("root \"", root.subject_cn(), "\" is no trust anchor: SHA-256 of its key is ",
                             root.spki_sha256().hex()));
  }
  if (root.subject_cn() != anchor->name || !root.self_issued() || !MaySign(root)) {
    return ChainError(StrCat("root \"", root.subject_cn(), "\" is not the self-issued CA ", anchor->name));
  }
  if (!anchor->HasSigned(root) && !SignedBy(root, root, memo))
    return ChainError(StrCat("signature of ", anchor->name, " on itself does not hold"));
  constexpr std::string_view kPrefix = "ARK-";
  std::string_view name = anchor->name;
  if (name.starts_with(kPrefix)) name.remove_prefix(kPrefix.size());
  const auto product = ProductFromName(name);
  if (!product) return ChainError(StrCat("root \"", anchor->name, "\" is of no supported product"));
  return RootAnchor{anchor, *product};
}

Result<Issuers> CheckIssuers(const Certificate& intermediate, const Certificate& root,
                             const TrustAnchors& anchors, SignatureMemo* memo) {
  TRY_ASSIGN(const RootAnchor anchor, CheckRoot(root, anchors, memo));
  TRY_ASSIGN(const SigningKey kind, CheckIntermediate(intermediate, root, anchor.product, memo));
  return Issuers{anchor, kind};
}

Status CheckLeafProfile(const Certificate& leaf, const Certificate& intermediate) {
  if (!Equal(leaf.issuer(), intermediate.subject())) {
    return ChainError(StrCat("leaf was issued by \"", leaf.issuer_cn(), "\", the intermediate is \"",
                             intermediate.subject_cn(), "\""));
  }
  if (leaf.is_ca() == true) return ChainError("leaf is a CA certificate");
  if (leaf.HasUsage(kKeyCertSign)) return ChainError("leaf's key is for signing certificates");
  if (leaf.key_usage() && !leaf.HasUsage(kDigitalSignature)) {
    return ChainError("leaf's key is not for digital signatures");
  }
  if (leaf.ec_key() == nullptr || leaf.ec_key()->curve() != Curve::kP384) {
    return ChainError("leaf's key is not on P-384");
  }
  return {};
}

Status CheckLeafSignature(const Certificate& leaf, const Certificate& intermediate, SignatureMemo* memo) {
  if (SignedBy(leaf, intermediate, memo)) return {};
  return Error{ErrorKind::kRejected, Check::kSnpLeafSignature,
               StrCat("signature of \"", intermediate.subject_cn(), "\" on \"", leaf.subject_cn(),
                      "\" does not hold")};
}

Status CheckCrlIssuer(const Crl& crl, const Certificate& root, SignatureMemo* memo) {
  if (auto problem = CrlIssuerProblem(crl, root)) {
    return Error{ErrorKind::kRejected, Check::kSnpCrl, std::move(*problem)};
  }
  if (SignedBy(crl, root, memo)) return {};
  return Error{ErrorKind::kRejected, Check::kSnpCrl,
               StrCat("signature of \"", root.subject_cn(), "\" on the CRL does not hold")};
}

}  // namespace thimble::amd
