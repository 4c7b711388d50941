// SPDX-License-Identifier: Apache-2.0
//
// The keys that name pieces of collateral, and their stable names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tcb/amd/claims.h"
#include "tcb/base/vendor.h"
#include "tcb/intel/ids.h"
#include "tcb/intel/platform_id.h"

namespace thimble {

// Which evaluation data an Intel item is asked by.
struct Selector {
  enum class Kind : uint8_t { kStandard, kEarly, kNumber };
  Kind kind = Kind::kStandard;
  uint32_t number = 0;  // tcbEvaluationDataNumber, for kNumber
  bool operator==(const Selector&) const = default;
  std::string ToString() const;  // "standard", "early", "17"
};

enum class IntelTee : uint8_t { kSgx, kTdx };
enum class EnclaveId : uint8_t { kQe, kTdQe, kQve };

// Keys name one item each. Two requests that mean the same item have equal keys.
struct RootCaCrlKey {
  bool operator==(const RootCaCrlKey&) const = default;
};
struct PckCrlKey {
  intel::PckCa ca;
  bool operator==(const PckCrlKey&) const = default;
};
struct TcbInfoKey {
  IntelTee tee;
  intel::Fmspc fmspc;
  Selector selector;
  bool operator==(const TcbInfoKey&) const = default;
};
struct EnclaveIdentityKey {
  EnclaveId id;
  Selector selector;
  bool operator==(const EnclaveIdentityKey&) const = default;
};
struct EvaluationNumbersKey {
  IntelTee tee;
  bool operator==(const EvaluationNumbersKey&) const = default;
};
struct
    PckCertsKey {  // all PCK certificates of a registered platform, or those fetched with one look-up's proof
  intel::PlatformId platform;
  bool operator==(const PckCertsKey&) const = default;
};
struct AmdChainKey {
  amd::Product product;
  amd::SigningKey kind;
  bool operator==(const AmdChainKey&) const = default;
};
struct AmdCrlKey {
  amd::Product product;
  amd::SigningKey kind;
  bool operator==(const AmdCrlKey&) const = default;
};
struct VcekKey {
  amd::Product product;
  amd::HwId hwid;
  amd::TcbVersion tcb;
  bool operator==(const VcekKey&) const = default;
};

using CollateralKey = std::variant<RootCaCrlKey, PckCrlKey, TcbInfoKey, EnclaveIdentityKey,
                                   EvaluationNumbersKey, PckCertsKey, AmdChainKey, AmdCrlKey, VcekKey>;

Vendor VendorOf(const CollateralKey& key);
// The stable name: store key, status page, logs. "intel/tcb/tdx/b0c06f000000/standard",
// "intel/crl/pck/platform", "intel/identity/qe/17", "intel/pck/<qe id>/0000[/<proof>]", "amd/vcek/milan/<hwid>/bl04-tee00-snp24-ucode219",
// "amd/crl/genoa/vlek".
std::string KeyName(const CollateralKey& key);
std::optional<CollateralKey> ParseKeyName(std::string_view name);

enum class ItemKind : uint8_t {
  kRootCaCrl,
  kPckCrl,
  kTcbInfo,
  kEnclaveIdentity,
  kEvaluationNumbers,
  kPckCerts,
  kAmdChain,
  kAmdCrl,
  kVcek
};
ItemKind KindOf(const CollateralKey& key);

}  // namespace thimble
