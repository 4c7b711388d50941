// SPDX-License-Identifier: Apache-2.0
#include "tcb/pki/trust_anchors.h"

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

struct Pin {
  Vendor vendor;
  std::string_view name;
  std::string_view spki_sha256;
};
constexpr Pin kPins[] = {
    {Vendor::kIntel, "Intel SGX Root CA", "a0af031289f5d5d4132f9186068a7fc13628633ba235777472e29b6b6c67a49e"},
    {Vendor::kAmd, "ARK-Milan", "9f056bee44377e29308cb5ffa895bdfb62d18881fa6bed8d6f075b0204089cb9"},
    {Vendor::kAmd, "ARK-Genoa", "429a69c9422aa258ee4d8db5fcda9c6470ef15f8cd5a9cebd6cbc7d90b863831"},
    {Vendor::kAmd, "ARK-Turin", "4f125410563a2ab9a50356f9243f6fe0b6f73de98603f53f90339c70e9d7ad08"},
};

constexpr size_t kMaxExtra = 32;

}  // namespace

TrustAnchors TrustAnchors::Pinned() {
  TrustAnchors anchors;
  for (const Pin& pin : kPins) {
    anchors.anchors_.push_back(
        {pin.vendor, std::string(pin.name), *Digest256::FromHex(pin.spki_sha256), false});
  }
  return anchors;
}

Status TrustAnchors::AddExtra(ByteView certificates) {
  constexpr Check kCheck = Check::kCollateralMalformed;
  TRY_ASSIGN(const auto blocks, DecodeCertificates(certificates, kMaxExtra, kCheck));
  for (const Bytes& block : blocks) {
    TRY_ASSIGN(const auto root, Certificate::Parse(block, kCheck));
    if (!root->self_issued() || root->is_ca() != true || !root->SignedBy(*root)) {
      return Error{ErrorKind::kMalformed, kCheck,
                   StrCat("anchor \"", root->subject_cn(), "\" is not a self-signed CA certificate")};
    }
    const Vendor vendor = root->subject_cn().starts_with("ARK-") ? Vendor::kAmd : Vendor::kIntel;
    if (Find(vendor, *root) == nullptr)
      anchors_.push_back({vendor, root->subject_cn(), root->spki_sha256(), true});
  }
  return {};
}

const TrustAnchor* TrustAnchors::Find(Vendor vendor, const Certificate& root) const {
  for (const TrustAnchor& anchor : anchors_) {
    if (anchor.vendor == vendor && anchor.spki_sha256 == root.spki_sha256()) return &anchor;
  }
  return nullptr;
}

}  // namespace thimble
