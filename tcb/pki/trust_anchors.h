// SPDX-License-Identifier: Apache-2.0
//
// Trust anchors are pinned by the SHA-256 of their SubjectPublicKeyInfo (spec/trust-anchors.md): Intel SGX
// Root CA and AMD ARK-Milan, ARK-Genoa, ARK-Turin. Others (tests, simulated vendors) come only from the
// operator, and every result that rests on one says so.
#pragma once

#include <algorithm>
#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/vendor.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/path.h"

namespace thimble {

struct TrustAnchor {
  Vendor vendor;
  std::string name;  // "Intel SGX Root CA", "ARK-Milan", ...: the subject CN
  Digest256 spki_sha256;
  bool extra = false;  // configured by the operator, not one of the pinned four
  // SHA-256 of certificates with this key whose signature on themselves is known to hold. Other issues of the
  // certificate are the same anchor; their signature has yet to be checked.
  std::vector<Digest256> self_signed = {};

  bool HasSigned(const Certificate& root) const { return std::ranges::count(self_signed, root.sha256()) > 0; }
};

// What a root that is neither Intel's nor AMD's is trusted for: to certify keys of TPMs, or signers of VBS reports.
enum class AnchorUse : uint8_t { kTpm, kVbs };
inline constexpr std::array kAnchorUses = {AnchorUse::kTpm, AnchorUse::kVbs};
std::string_view AnchorUseName(AnchorUse use);  // "tpm", "vbs"

// The operator's roots of paths, and the certificates of these.
struct PathAnchors {
  std::vector<PathRoot> roots;
  std::vector<CertificatePtr> certificates;
};

// A value; const methods may be called from many threads at once.
class TrustAnchors {
 public:
  static TrustAnchors Pinned();

  // Adds certificates (PEM or DER, one or several). The subject CN tells whose root it is: "ARK-<product>" is AMD's, "Intel
  // SGX Root CA" Intel's. Malformed if one that is named as a certificate of theirs is not a self-signed CA certificate.
  // Any other is a root of paths, of TPMs' keys and of signers of VBS reports alike: it may be any certificate, and is
  // trusted as it is.
  Status AddExtra(ByteView certificates);
  // The same, of one use alone, however it is named.
  Status AddFor(AnchorUse use, ByteView certificates);

  // The anchor this certificate is, by its key; nullptr when it is none of this vendor's.
  const TrustAnchor* Find(Vendor vendor, const Certificate& root) const;
  const std::vector<TrustAnchor>& all() const { return anchors_; }
  const PathAnchors& For(AnchorUse use) const { return paths_.at(static_cast<size_t>(use)); }

 private:
  Status AddVendorRoot(Vendor vendor, const Certificate& root);
  void AddPathRoot(AnchorUse use, const CertificatePtr& certificate);

  std::vector<TrustAnchor> anchors_;
  std::array<PathAnchors, kAnchorUses.size()> paths_;
};

}  // namespace thimble
