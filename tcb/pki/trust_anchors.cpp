// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/trust_anchors.h"

#include <algorithm>
#include <array>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

// The key, and the certificates of it that the vendors hand out.
struct Pin {
  Vendor vendor;
  std::string_view name;
  std::string_view spki_sha256;
  std::array<std::string_view, 2> certificates;
};
constexpr Pin kPins[] = {
    {Vendor::kIntel,
     "Intel SGX Root CA",
     "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e",
     {"44a0196b2b99f889b8e149e95b807a350e7424964399e885a7cbb8ccfab674d3",    // to 2049
      "fc64f8076d79a4fee9d1d473d74c89eb8d8fd55c5abafeabeba7366d20429404"}},  // to 2033
    {Vendor::kAmd,
     "ARK-Milan",
     "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9",
     {"69d063b45344d26a2e94e1f4210de49ef555308287d4c174445c95639a540bcd"}},
    {Vendor::kAmd,
     "ARK-Genoa",
     "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831",
     {"4c6598d19c18719c5dfd4a7d335f674e5bfe1d8f800cea2cf270c10d103db2f1"}},
    {Vendor::kAmd,
     "ARK-Turin",
     "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08",
     {"1f084161a44bb6d93778a904877d4819cafa5d05ef4193b2ded9dd9c73dd3f6a"}},
};

constexpr size_t kMaxExtra = 32;
constexpr Check kCheck = Check::kCollateralMalformed;

// Whose certificate the name says it is, of whatever role (spec/trust-anchors.md): one of theirs that is no root is a mistake.
std::optional<Vendor> VendorNamed(std::string_view common_name) {
  if (common_name.starts_with("ARK-") || common_name.starts_with("SEV-")) return Vendor::kAmd;
  if (common_name.starts_with("Intel SGX ")) return Vendor::kIntel;
  return std::nullopt;
}

}  // namespace

TrustAnchors TrustAnchors::Pinned() {
  TrustAnchors anchors;
  for (const Pin& pin : kPins) {
    TrustAnchor& anchor = anchors.anchors_.emplace_back(
        TrustAnchor{pin.vendor, std::string(pin.name), *Digest256::FromHex(pin.spki_sha256), false});
    for (const std::string_view hex : pin.certificates) {
      if (!hex.empty()) anchor.self_signed.push_back(*Digest256::FromHex(hex));
    }
  }
  return anchors;
}

std::string_view AnchorUseName(AnchorUse use) { return use == AnchorUse::kTpm ? "tpm" : "vbs"; }

Status TrustAnchors::AddExtra(ByteView certificates) {
  TRY_ASSIGN(const auto blocks, DecodeCertificates(certificates, kMaxExtra, kCheck));
  for (const Bytes& block : blocks) {
    const auto tee = Certificate::Parse(block, kCheck);
    const auto vendor = tee ? VendorNamed((*tee)->subject_cn()) : std::nullopt;
    if (vendor) {
      TRY(AddVendorRoot(*vendor, **tee));
      continue;
    }
    TRY_ASSIGN(const CertificatePtr root, Certificate::Parse(block, CertificateProfile::kTpmMaker, kCheck));
    for (const AnchorUse use : kAnchorUses) AddPathRoot(use, root);
  }
  return {};
}

Status TrustAnchors::AddFor(AnchorUse use, ByteView certificates) {
  TRY_ASSIGN(const auto blocks, DecodeCertificates(certificates, kMaxExtra, kCheck));
  for (const Bytes& block : blocks) {
    TRY_ASSIGN(const CertificatePtr root, Certificate::Parse(block, CertificateProfile::kTpmMaker, kCheck));
    AddPathRoot(use, root);
  }
  return {};
}

Status TrustAnchors::AddVendorRoot(Vendor vendor, const Certificate& root) {
  if (!root.self_issued() || root.is_ca() != true || !root.SignedBy(root)) {
    return Error{ErrorKind::kMalformed, kCheck,
                 StrCat("anchor \"", root.subject_cn(), "\" is not a self-signed CA certificate")};
  }
  auto anchor = std::ranges::find_if(anchors_, [&](const TrustAnchor& known) {
    return known.vendor == vendor && known.spki_sha256 == root.spki_sha256();
  });
  if (anchor == anchors_.end()) {
    anchor = anchors_.insert(anchor, {vendor, root.subject_cn(), root.spki_sha256(), true});
  }
  if (!anchor->HasSigned(root)) anchor->self_signed.push_back(root.sha256());
  return {};
}

void TrustAnchors::AddPathRoot(AnchorUse use, const CertificatePtr& certificate) {
  PathAnchors& paths = paths_.at(static_cast<size_t>(use));
  const bool known = std::ranges::any_of(
      paths.certificates, [&](const CertificatePtr& one) { return one->sha256() == certificate->sha256(); });
  if (known) return;
  paths.roots.push_back({.name = certificate->subject_cn(),
                         .spki_sha256 = certificate->spki_sha256(),
                         .extra = true,
                         .certificates = {certificate->sha256()}});
  paths.certificates.push_back(certificate);
}

const TrustAnchor* TrustAnchors::Find(Vendor vendor, const Certificate& root) const {
  for (const TrustAnchor& anchor : anchors_) {
    if (anchor.vendor == vendor && anchor.spki_sha256 == root.spki_sha256()) return &anchor;
  }
  return nullptr;
}

}  // namespace thimble
