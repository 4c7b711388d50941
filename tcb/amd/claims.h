// SPDX-License-Identifier: Apache-2.0
//
// What AMD evidence says: copied from the signed bytes, so a verdict outlives its input.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/report_data.h"
#include "tcb/tpm/claims.h"

namespace thimble::amd {

enum class Product : uint8_t { kMilan, kGenoa, kTurin, kVenice };
std::string_view ProductName(Product product);                  // "Milan", "Genoa", "Turin", "Venice"
std::optional<Product> ProductFromName(std::string_view name);  // also Bergamo and Siena, which are Genoa

enum class SigningKey : uint8_t { kVcek, kVlek };
std::string_view SigningKeyName(SigningKey kind);  // "vcek", "vlek"

// The components that a TCB may have; the product's layout says which of them it has.
enum class TcbComponent : uint8_t { kFmc, kBootloader, kTee, kSnp, kMicrocode };
inline constexpr std::array kTcbComponents = {TcbComponent::kFmc, TcbComponent::kBootloader,
                                              TcbComponent::kTee, TcbComponent::kSnp,
                                              TcbComponent::kMicrocode};
std::string_view ComponentName(TcbComponent component);  // "fmc", "bootloader", "tee", "snp", "microcode"

// TCB_VERSION decoded by the layout of its product (SNP c): a component that the layout lacks is absent. Fmc is of
// Turin and Venice; boot loader and microcode are of all but Venice. There is no order on it but Covers().
struct TcbVersion {
  using Spl = std::optional<uint8_t>;
  Product product = Product::kMilan;
  Spl bootloader = uint8_t{0}, tee = uint8_t{0}, snp = uint8_t{0}, microcode = uint8_t{0}, fmc;

  static TcbVersion Decode(Product product, const std::array<uint8_t, 8>& raw);
  std::array<uint8_t, 8> Encode() const;
  Spl& At(TcbComponent component);
  Spl At(TcbComponent component) const;
  bool operator==(const TcbVersion&) const = default;
};
// Every component is at least that required. Both are of one product.
bool Covers(const TcbVersion& platform, const TcbVersion& required);

using HwId = Bytes;  // 64 bytes (Milan, Genoa) or 8 (Turin, Venice)
using ChipId = FixedBytes<struct ChipIdTag, 64>;

struct CpuId {
  uint8_t family = 0, model = 0, stepping = 0;
  bool operator==(const CpuId&) const = default;
};

// From the leaf certificate and the product.
struct PlatformFacts {
  std::optional<Product> product;
  std::optional<CpuId> cpuid;         // v3 and later
  HwId hwid;                          // VCEK
  std::optional<std::string> csp_id;  // VLEK
  SigningKey signing_key = SigningKey::kVcek;
  bool operator==(const PlatformFacts&) const = default;
};

struct FirmwareVersion {
  uint8_t major = 0, minor = 0, build = 0;
  auto operator<=>(const FirmwareVersion&) const = default;
};

// ETCB_VERSION (ABI table 6): further components, which are in no key. Bytes 14 to 31 are reserved.
constexpr size_t kEtcbComponents = 14;
using Etcb = std::array<uint8_t, 32>;
std::string_view EtcbComponentName(size_t component);  // "microcode" is number 8

// ATTESTATION_REPORT, 1184 bytes (SNP c). TCBs are absent until the product is known.
struct SnpClaims {
  uint32_t version = 0, guest_svn = 0, vmpl = 0;
  uint64_t policy = 0, platform_info = 0;
  bool author_key_en = false, mask_chip_key = false;
  uint8_t signing_key = 0;
  FixedBytes<struct SnpFamilyIdTag, 16> family_id;
  FixedBytes<struct SnpImageIdTag, 16> image_id;
  ReportData report_data;
  FixedBytes<struct SnpMeasurementTag, 48> measurement;
  FixedBytes<struct SnpHostDataTag, 32> host_data;
  FixedBytes<struct SnpIdKeyDigestTag, 48> id_key_digest;
  FixedBytes<struct SnpAuthorKeyDigestTag, 48> author_key_digest;
  FixedBytes<struct SnpReportIdTag, 32> report_id, report_id_ma;
  ChipId chip_id;
  std::array<uint8_t, 8> raw_current_tcb{}, raw_reported_tcb{}, raw_committed_tcb{}, raw_launch_tcb{};
  std::optional<TcbVersion> current_tcb, reported_tcb, committed_tcb, launch_tcb;
  std::optional<CpuId> cpuid;  // v3 and later
  FirmwareVersion current_version, committed_version;
  std::optional<uint64_t> launch_mit_vector, current_mit_vector;  // v5 and later
  // v6. Only parts based on Venice report them; of others they are zero, which says nothing.
  std::optional<Etcb> current_etcb, launch_etcb, committed_etcb;

  bool debug() const { return (policy >> 19 & 1) != 0; }
  bool migrate_ma() const { return (policy >> 18 & 1) != 0; }
  bool operator==(const SnpClaims&) const = default;
};

// The chip that a report comes from: its CHIP_ID or, where the host masks that, the VCEK's hwID. nullopt where neither
// names one.
std::optional<ChipId> ChipOf(const SnpClaims& claims, const PlatformFacts& facts);

// An Azure HCL report around a hardware report (spec/azure-thim.md section 4).
struct HclClaims {
  uint32_t version = 0, hash_type = 0;
  Digest256 runtime_data_sha256;
  std::string runtime_data;                      // the exact JSON bytes
  std::optional<std::string> runtime_user_data;  // "user-data": lower-case hex; older reports have none
  // Of "vm-configuration": its members that are true or false, by their names ("secure-boot"), and "vmUniqueId".
  std::map<std::string, bool, std::less<>> vm_configuration;
  std::optional<std::string> vm_unique_id;
  // HCLAkPub: an RSA key's numbers, big endian, without leading zeros, or an elliptic key's X || Y on P-256 or P-384.
  Bytes ak_modulus, ak_exponent, ak_point;
  Digest256 ak_modulus_sha256;
  std::optional<tpm::QuoteClaims> tpm_quote;
  tpm::PcrValues pcrs;  // that the quote covers and its digest proves
  bool operator==(const HclClaims&) const = default;
};

}  // namespace thimble::amd
