// SPDX-License-Identifier: Apache-2.0
//
// Intel's identifiers. Hex of either letter case is the same identifier; it is parsed once, at the edge.
#pragma once

#include <array>
#include <cstdint>

#include "tcb/base/bytes.h"

namespace thimble::intel {

using Fmspc = FixedBytes<struct FmspcTag, 6>;  // octets, not a number
using PceId = FixedBytes<struct PceIdTag, 2>;  // as in the certificate; little endian where it is a number
using Ppid = FixedBytes<struct PpidTag, 16>;
using QeId = FixedBytes<struct QeIdTag, 16>;
using PlatformInstanceId = FixedBytes<struct PlatformInstanceIdTag, 16>;
using Measurement256 = FixedBytes<struct Measurement256Tag, 32>;  // MRENCLAVE, MRSIGNER
using Measurement384 = FixedBytes<struct Measurement384Tag, 48>;  // MRTD, RTMRs, MRSEAM, ...

using TcbComponents = std::array<uint8_t, 16>;  // SVNs; 16 SGX components, or 16 TDX components
enum class PceSvn : uint16_t {};

// The partial order of TCBs: every component of `platform` is at least that of `required`.
inline bool Covers(const TcbComponents& platform, const TcbComponents& required) {
  for (size_t i = 0; i < platform.size(); ++i) {
    if (platform[i] < required[i]) return false;
  }
  return true;
}
inline bool Covers(PceSvn platform, PceSvn required) {
  return static_cast<uint16_t>(platform) >= static_cast<uint16_t>(required);
}

// Which intermediate CA issues PCK certificates for a platform, and so which PCK CRL applies.
enum class PckCa : uint8_t { kProcessor, kPlatform };
inline std::string_view PckCaName(PckCa ca) { return ca == PckCa::kProcessor ? "processor" : "platform"; }

// Subjects' common names (DCAP 2.1).
inline constexpr std::string_view kPlatformCaCn = "Intel SGX PCK Platform CA";
inline constexpr std::string_view kProcessorCaCn = "Intel SGX PCK Processor CA";
inline constexpr std::string_view kTcbSigningCn = "Intel SGX TCB Signing";
inline std::string_view PckCaCn(PckCa ca) { return ca == PckCa::kProcessor ? kProcessorCaCn : kPlatformCaCn; }

}  // namespace thimble::intel
