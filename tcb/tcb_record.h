// SPDX-License-Identifier: Apache-2.0
//
// Platforms that were seen, remembered by their TCB and not by identity: no PPID, chip id or certificate. Equal TCBs
// are one record, counted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "tcb/amd/claims.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/collateral_key.h"
#include "tcb/intel/claims.h"
#include "tcb/verdict.h"

namespace thimble {

// The TCB of an SGX or TDX platform, as its PCK certificate and its quote state it.
struct IntelTcbRecord {
  IntelTee tee = IntelTee::kSgx;
  intel::Fmspc fmspc;
  intel::PceId pce_id;
  intel::TcbComponents cpu_svn{};
  intel::PceSvn pce_svn{};
  std::optional<intel::TcbComponents> tee_tcb_svn, tee_tcb_svn2;  // TDX; the second: TD reports 1.5
  std::optional<uint16_t> qe_isv_svn;  // unknown for a platform that was registered and has sent no quote
  intel::PckCa ca = intel::PckCa::kProcessor;
  intel::SgxType sgx_type = intel::SgxType::kStandard;
  std::optional<bool> dynamic_platform, cached_keys, smt_enabled;

  bool operator==(const IntelTcbRecord&) const = default;
};

// The TCB of an SEV-SNP platform, as its report states it: all that floors judge.
struct AmdTcbRecord {
  amd::TcbVersion reported, committed, current, launch;
  std::optional<amd::CpuId> cpuid;  // reports of version 3 and later
  uint64_t platform_info = 0;
  amd::FirmwareVersion committed_version, current_version;
  std::optional<uint64_t> launch_mit_vector, current_mit_vector;  // reports of version 5 and later
  bool smt_permitted = true;                                      // by the guest's policy

  bool operator==(const AmdTcbRecord&) const = default;
};

using TcbRecord = std::variant<IntelTcbRecord, AmdTcbRecord>;

// Platforms of one TCB.
struct RememberedTcb {
  TcbRecord tcb;
  uint64_t count = 0;  // how often it was seen
  Instant last_seen{};
};

// As a report would state it, and nothing else.
amd::SnpClaims ClaimsOf(const AmdTcbRecord& tcb);

// nullopt unless the verdict is authentic: strangers leave no trace.
std::optional<TcbRecord> TcbOf(const Verdict& verdict);
// Of a platform that is known by its PCK certificate alone, for SGX.
TcbRecord TcbOf(const intel::PlatformFacts& facts);

// The record's text, JSON with a version: `TcbKey` is the same for equal TCBs, `Encode` adds count and last_seen.
// Records of SEV-SNP before version 2 had REPORTED_TCB alone: the other TCBs are taken to be the same, and the firmware
// to be new enough. Decoding a text of a newer version, or with a member that is unknown, missing or out of range, is an error
// (kInternal, store.corrupt).
std::string TcbKey(const TcbRecord& tcb);
std::string Encode(const RememberedTcb& remembered);
Result<RememberedTcb> DecodeRememberedTcb(std::string_view text);

}  // namespace thimble
