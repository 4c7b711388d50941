// SPDX-License-Identifier: Apache-2.0
//
// Enclave identities: QE, TD_QE, QVE (DCAP 4). Decoding says nothing about trust: see collateral.h.
#pragma once

#include <array>
#include <vector>

#include "tcb/intel/tcb_info.h"

namespace thimble::intel {

struct EnclaveIdentity {
  EnclaveId id = EnclaveId::kQe;
  Instant issue_date{}, next_update{};
  uint32_t evaluation_number = 0;
  uint32_t misc_select = 0, misc_select_mask = 0;
  std::array<uint8_t, 16> attributes{}, attributes_mask{};  // byte order as in the report
  Measurement256 mr_signer;
  uint16_t isv_prod_id = 0;
  std::vector<IsvLevel> levels;  // descending by isv_svn, no duplicates
};
std::string_view EnclaveIdName(EnclaveId id);  // "QE", "TD_QE", "QVE"

// `signed_bytes` is the value of "enclaveIdentity". Malformed (collateral.malformed) when it breaks a rule of
// DCAP 4.
Result<EnclaveIdentity> DecodeEnclaveIdentity(ByteView signed_bytes);

}  // namespace thimble::intel
