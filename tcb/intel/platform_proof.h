// SPDX-License-Identifier: Apache-2.0
//
// What a platform shows Intel to be given its PCK certificates (spec/intel-pccs-api.md section 10). Neither can be
// read without Intel's keys; both are handed on as they are.
#pragma once

#include <optional>
#include <variant>

#include "tcb/base/bytes.h"

namespace thimble::intel {

// The PPID under the PCS's RSA-3072 key. All zeros is what a platform says that cannot tell it.
using EncryptedPpid = FixedBytes<struct EncryptedPpidTag, 384>;

// What a platform with several packages was registered with.
class PlatformManifest {
 public:
  static constexpr size_t kMinSize = 8431, kMaxSize = 56442;

  static std::optional<PlatformManifest> From(ByteView bytes) {
    if (bytes.size() < kMinSize || bytes.size() > kMaxSize) return std::nullopt;
    return PlatformManifest(Bytes(bytes.begin(), bytes.end()));
  }
  const Bytes& bytes() const { return bytes_; }
  bool operator==(const PlatformManifest&) const = default;

 private:
  explicit PlatformManifest(Bytes bytes) : bytes_(std::move(bytes)) {}
  Bytes bytes_;
};

using PlatformProof = std::variant<EncryptedPpid, PlatformManifest>;

}  // namespace thimble::intel
