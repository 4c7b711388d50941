// SPDX-License-Identifier: Apache-2.0
//
// What policy rules are made of.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/time.h"

namespace thimble {

// Evidence as appraisal policies tell it apart (Intel has one class of policies for each of its three).
// kOpenEnclave is a quote in Open Enclave wrapping, which is of its TEE's class besides.
// kTpm and kVbs are no TEE.
enum class EvidenceClass : uint8_t { kSgx, kTdx10, kTdx15, kSnp, kOpenEnclave, kTpm, kVbs };
// "sgx", "tdx_1.0", "tdx_1.5", "snp", "open_enclave", "tpm", "vbs"
std::string_view EvidenceClassName(EvidenceClass evidence);

// An advisory or bulletin, "INTEL-SA-00657" or "AMD-SB-3019", upper case.
struct AdvisoryEntry {
  std::string id;
  std::optional<Instant> until;  // the last instant at which the entry counts; absent: for ever

  bool InForce(Instant at) const { return !until || at <= *until; }
  bool operator==(const AdvisoryEntry&) const = default;
};

// Bits of a field of N bytes, in the byte order of the evidence: those under `mask` must be those of `value`.
template <size_t N>
struct BitPattern {
  std::array<uint8_t, N> value{};
  std::array<uint8_t, N> mask = Ones();

  static constexpr std::array<uint8_t, N> Ones() {
    std::array<uint8_t, N> ones{};
    for (uint8_t& byte : ones) byte = 0xff;
    return ones;
  }
  bool Matches(ByteView bytes) const {
    if (bytes.size() != N) return false;
    for (size_t i = 0; i < N; ++i) {
      if ((bytes[i] & mask[i]) != value[i]) return false;
    }
    return true;
  }
  bool Demands(size_t bit, bool set) const {
    const auto one = static_cast<uint8_t>(1u << (bit % 8));
    return (mask.at(bit / 8) & one) != 0 && ((value.at(bit / 8) & one) != 0) == set;
  }
};

}  // namespace thimble
