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

// "vbs=hgs.pem" is of one use alone.
struct AnchorFile {
  std::optional<AnchorUse> use;
  std::string path;
};
AnchorFile FileOf(const std::string& entry) {
  for (const AnchorUse use : kAnchorUses) {
    const std::string prefix = StrCat(AnchorUseName(use), "=");
    if (entry.starts_with(prefix)) return {use, entry.substr(prefix.size())};
  }
  return {std::nullopt, entry};
}

}  // namespace

Result<TrustAnchors> ReadAnchors(const std::vector<std::string>& entries) {
  TrustAnchors anchors = TrustAnchors::Pinned();
  for (const std::string& entry : entries) {
    const AnchorFile file = FileOf(entry);
    TRY_ASSIGN(const std::string text, ReadFile(file.path, kMaxBytes));
    const Status added =
        file.use ? anchors.AddFor(*file.use, AsBytes(text)) : anchors.AddExtra(AsBytes(text));
    if (!added) {
      return Error{added.error().kind, added.error().check,
                   StrCat("anchor ", file.path, ": ", added.error().message)};
    }
  }
  return anchors;
}

Result<RootCrlAddresses> ReadRootCrlAddresses(const std::vector<std::string>& entries) {
  TRY_ASSIGN(const TrustAnchors anchors, ReadAnchors(entries));
  RootCrlAddresses addresses;
  for (const std::string& entry : entries) {
    const AnchorFile file = FileOf(entry);
    if (file.use) continue;
    TRY_ASSIGN(const std::string text, ReadFile(file.path, kMaxBytes));
    TRY_ASSIGN(const auto ders, DecodeCertificates(AsBytes(text), kMaxRoots, Check::kCollateralMalformed));
    for (const Bytes& der : ders) {
      const auto root = Certificate::Parse(der, Check::kCollateralMalformed);
      if (root && anchors.Find(Vendor::kIntel, **root) != nullptr) addresses.Add(**root);
    }
  }
  return addresses;
}

}  // namespace thimble
