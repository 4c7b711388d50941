// SPDX-License-Identifier: Apache-2.0
//
// TCB info, versions 2 and 3 (DCAP 3). Decoding says nothing about trust: see collateral.h.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"
#include "tcb/collateral_key.h"
#include "tcb/intel/ids.h"
#include "tcb/verdict.h"

namespace thimble::intel {

struct TcbLevel {
  TcbComponents sgx{};
  PceSvn pce_svn{};
  TcbComponents tdx{};  // TDX only, else zeros
  Instant date{};
  TcbStatus status{};
  std::vector<std::string> advisories;
};

// A level of a TDX module or of a quoting enclave: by ISVSVN alone.
struct IsvLevel {
  uint16_t isv_svn = 0;
  Instant date{};
  TcbStatus status{};
  std::vector<std::string> advisories;
};

struct TdxModule {
  Measurement384 mr_signer;
  std::array<uint8_t, 8> attributes{}, attributes_mask{};
};
struct TdxModuleIdentity {
  std::string id;  // "TDX_01", upper case: two hex digits of the module's major version
  TdxModule module;
  std::vector<IsvLevel> levels;  // descending by isv_svn
};

struct TcbInfo {
  IntelTee tee = IntelTee::kSgx;
  uint32_t version = 3;
  Instant issue_date{}, next_update{};
  Fmspc fmspc;
  PceId pce_id;
  uint32_t evaluation_number = 0;
  std::optional<TdxModule> tdx_module;
  std::vector<TdxModuleIdentity> tdx_module_identities;
  // In matching order (DCAP 3.1): descending by SGX components, PCESVN, TDX components; no duplicates.
  std::vector<TcbLevel> levels;
  // What a component is, as the TCB info says: "BIOS", "OS/VMM", "TDX Module", ... and its type; often empty.
  std::array<std::string, 16> sgx_category, sgx_type, tdx_category, tdx_type;
};

// `signed_bytes` is the value of "tcbInfo". Malformed (collateral.malformed) when it breaks any rule of
// DCAP 3.
Result<TcbInfo> DecodeTcbInfo(ByteView signed_bytes);

}  // namespace thimble::intel
