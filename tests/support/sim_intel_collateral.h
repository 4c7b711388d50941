// SPDX-License-Identifier: Apache-2.0
//
// Intel's signed JSON, written from plain structs (DCAP 3 and 4).
// Identifiers, dates and statuses are text here, so that a test can write what no parser would accept.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/collateral_key.h"
#include "tests/support/sim_pki.h"

namespace thimble::sim {

struct IsvLevelSpec {
  uint32_t isv_svn = 0;
  std::string date = {}, status = {};
  std::vector<std::string> advisories = {};
};

struct TcbLevelSpec {
  intel::TcbComponents sgx = {};
  uint32_t pce_svn = 0;
  intel::TcbComponents tdx = {};  // written for TDX only
  std::string date = {}, status = {};
  std::vector<std::string> advisories = {};
};

struct TdxModuleSpec {
  std::string id = {};  // "TDX_01"; not written for `tdxModule`
  std::string mr_signer = std::string(96, '0'), attributes = std::string(16, '0'),
              attributes_mask = std::string(16, 'F');
  std::vector<IsvLevelSpec> levels = {};  // not written for `tdxModule`
};

struct TcbInfoSpec {
  IntelTee tee = IntelTee::kSgx;
  uint32_t version = 3;  // 2: SGX only, without `id` and with flat components
  Instant issued = {}, next_update = {};
  std::string fmspc = {}, pce_id = "0000";
  uint32_t tcb_type = 0;
  uint32_t number = 0;  // tcbEvaluationDataNumber
  std::optional<TdxModuleSpec> tdx_module = {};
  std::vector<TdxModuleSpec> tdx_module_identities = {};
  std::vector<TcbLevelSpec> levels = {};
  bool name_components = true;        // "category" and "type" beside the SVNs, version 3
  Bend<std::string> text = {};        // the JSON object, just before it is signed
  std::optional<SimKey> signer = {};  // instead of Intel's TCB signing key
};
std::string EncodeTcbInfo(const TcbInfoSpec& spec);

struct IdentitySpec {
  std::string id = "QE";
  uint32_t version = 2;
  Instant issued = {}, next_update = {};
  uint32_t number = 0;
  std::string misc_select = "00000000", misc_select_mask = "FFFFFFFF";
  std::string attributes = "11000000000000000000000000000000",
              attributes_mask = "FBFFFFFFFFFFFFFF0000000000000000";
  std::string mr_signer = {};
  uint32_t isv_prod_id = 1;
  std::vector<IsvLevelSpec> levels = {};
  Bend<std::string> text = {};
  std::optional<SimKey> signer = {};
};
std::string EncodeIdentity(const IdentitySpec& spec);

struct EvaluationNumberSpec {
  uint32_t number = 0;
  std::string recovery_event_date = {}, tcb_date = {};
};
struct EvaluationNumbersSpec {
  std::string id = "SGX";
  uint32_t version = 1;
  Instant issued = {}, next_update = {};
  std::vector<EvaluationNumberSpec> numbers = {};
  Bend<std::string> text = {};
  std::optional<SimKey> signer = {};
};
std::string EncodeEvaluationNumbers(const EvaluationNumbersSpec& spec);

// {"<member>":<object>,"signature":"<hex>"}, the signature over exactly `object`.
Bytes SignJson(std::string_view member, std::string_view object, const SimKey& key);

}  // namespace thimble::sim
