// SPDX-License-Identifier: Apache-2.0
#include "service/config/anchors.h"

#include "service/support/file.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/certificate.h"
#include "tcb/pki/pem.h"

namespace thimble {

namespace {

constexpr size_t kMaxBytes = 1u << 20, kMaxRoots = 32;

}  // namespace

Result<TrustAnchors> ReadAnchors(const std::vector<std::string>& pem_files) {
  TrustAnchors anchors = TrustAnchors::Pinned();
  for (const std::string& path : pem_files) {
    TRY_ASSIGN(const std::string text, ReadFile(path, kMaxBytes));
    const Status added = anchors.AddExtra(AsBytes(text));
    if (!added) {
      return Error{added.error().kind, added.error().check,
                   StrCat("anchor ", path, ": ", added.error().message)};
    }
  }
  return anchors;
}

Result<RootCrlAddresses> ReadRootCrlAddresses(const std::vector<std::string>& pem_files) {
  RootCrlAddresses addresses;
  for (const std::string& path : pem_files) {
    TRY_ASSIGN(const std::string text, ReadFile(path, kMaxBytes));
    TRY_ASSIGN(const auto ders, DecodeCertificates(AsBytes(text), kMaxRoots, Check::kCollateralMalformed));
    for (const Bytes& der : ders) {
      // Roots of TPMs and of VBS enclaves' signers are of other kinds: no client asks for their CRLs here.
      const auto root = Certificate::Parse(der, Check::kCollateralMalformed);
      if (root) addresses.Add(**root);
    }
  }
  return addresses;
}

}  // namespace thimble
