// SPDX-License-Identifier: Apache-2.0
//
// Azure's HCL reports and vTPM quotes, simulated (spec/azure-thim.md section 4).
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "tcb/amd/tpm_quote.h"
#include "tests/support/sim_pki.h"
#include "tests/support/sim_rsa_key.h"

namespace thimble::sim {

// The vTPM's attestation key: RSA of 2048 bits.
SimRsaKey VtpmKey(std::string_view world = "amd");
// Runtime data with this key as HCLAkPub.
std::string RuntimeData(const SimRsaKey& attestation_key);
// REPORT_DATA as it binds runtime data: SHA-256, then zeros.
std::array<uint8_t, 64> BindingOf(std::string_view runtime_data);

struct HclSpec {
  uint32_t version = 2, report_type = 2, hash_type = 1;
  Bytes hardware_report = {};  // of SNP 1184 bytes; TDREPORTs are padded to that
  std::string runtime_data = {};
  Bend<Bytes> bend = {};  // of the whole
};
Bytes EncodeHclReport(const HclSpec& spec);

// TDREPORT, 1024 bytes, of which only type and report data are filled in.
Bytes EncodeTdReportStruct(const std::array<uint8_t, 64>& report_data);

struct TpmQuoteSpec {
  Bytes nonce = {0x6e, 0x6f, 0x6e, 0x63, 0x65};
  amd::PcrBank pcrs = {};
  std::array<bool, 24> selection = {true, true, true, true};
  Bend<Bytes> bend = {};  // of the message, before it is signed
};
struct TpmQuoteBytes {
  Bytes message, signature;
};
TpmQuoteBytes MakeTpmQuote(const TpmQuoteSpec& spec, const SimRsaKey& attestation_key);

}  // namespace thimble::sim
