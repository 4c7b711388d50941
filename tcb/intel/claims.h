// SPDX-License-Identifier: Apache-2.0
//
// What Intel evidence says: copied from the signed bytes, so a verdict outlives its input.
#pragma once

#include <cstdint>
#include <optional>

#include "tcb/base/report_data.h"
#include "tcb/intel/ids.h"

namespace thimble::intel {

enum class SgxType : uint8_t { kStandard = 0, kScalable = 1, kScalableWithIntegrity = 2 };
std::string_view SgxTypeName(SgxType type);  // "Standard", "Scalable", "ScalableWithIntegrity"

// From the PCK certificate (DCAP 2.3).
struct PlatformFacts {
  Fmspc fmspc;
  PceId pce_id;
  Ppid ppid;
  Bytes pck_serial;         // of the certificate: unsigned magnitude, big endian
  TcbComponents cpu_svn{};  // TCB components .2.1 to .2.16
  PceSvn pce_svn{};
  PckCa ca = PckCa::kProcessor;
  SgxType sgx_type = SgxType::kStandard;
  // Platform CA only:
  std::optional<PlatformInstanceId> platform_instance_id;
  std::optional<bool> dynamic_platform;
  std::optional<bool> cached_keys;
  std::optional<bool> smt_enabled;
  uint16_t quote_version = 0;
  bool operator==(const PlatformFacts&) const = default;
};

// SGX enclave report, 384 bytes (DCAP 1.2).
struct SgxClaims {
  TcbComponents cpu_svn{};
  uint32_t misc_select = 0;
  std::array<uint8_t, 16> attributes{};  // flags u64 and xfrm u64, little endian, as in the report
  Measurement256 mr_enclave, mr_signer;
  FixedBytes<struct ConfigIdTag, 64> config_id;
  uint16_t isv_prod_id = 0, isv_svn = 0, config_svn = 0;
  FixedBytes<struct IsvExtProdIdTag, 16> isv_ext_prod_id;
  FixedBytes<struct IsvFamilyIdTag, 16> isv_family_id;
  ReportData report_data;

  bool debug() const { return (attributes[0] & 0x02) != 0; }
  bool operator==(const SgxClaims&) const = default;
};

// TD attributes as a number: the first byte is the lowest (DCAP 5). Any bit of byte 0, TUD, makes the TD
// untrusted; but for DEBUG, bit 0, its bits have no meaning that is known, and neither have bits 8 to 27 and 32
// to 62.
inline constexpr uint64_t kTdTud = 0xff, kTdReservedTud = 0xfe;
inline constexpr uint64_t kTdSeptVeDisable = uint64_t{1} << 28, kTdMigratable = uint64_t{1} << 29;
inline constexpr uint64_t kTdReserved = 0x7fff'ffff'0fff'ff00;

// TD report: 1.0 (584 bytes), 1.5 (648) and 1.5 Ex (885) (DCAP 1.2).
struct TdxClaims {
  TcbComponents tee_tcb_svn{};
  Measurement384 mr_seam, mr_signer_seam;
  FixedBytes<struct SeamAttributesTag, 8> seam_attributes;
  FixedBytes<struct TdAttributesTag, 8> td_attributes;
  FixedBytes<struct XfamTag, 8> xfam;
  Measurement384 mr_td, mr_config_id, mr_owner, mr_owner_config, rtmr0, rtmr1, rtmr2, rtmr3;
  ReportData report_data;
  // 1.5 and later:
  std::optional<TcbComponents> tee_tcb_svn2;
  std::optional<Measurement384> mr_service_td;
  // 1.5 Ex, its additional fields as one block (offset 648 on):
  std::optional<FixedBytes<struct TdReportExTag, 237>> ex;

  uint64_t attributes() const { return LittleEndian(td_attributes.bytes()); }
  bool debug() const { return (attributes() & kTdTud) != 0; }
  bool operator==(const TdxClaims&) const = default;
};

}  // namespace thimble::intel
