// SPDX-License-Identifier: Apache-2.0
#include "service/config/anchors.h"

#include "service/support/file.h"
#include "tcb/base/text.h"

namespace thimble {

Result<TrustAnchors> ReadAnchors(const std::vector<std::string>& pem_files) {
  constexpr size_t kMaxBytes = 1u << 20;
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

}  // namespace thimble
