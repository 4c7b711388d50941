// SPDX-License-Identifier: Apache-2.0
//
// Azure's HCL reports and vTPM quotes, simulated (spec/azure-thim.md section 4).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "tcb/tpm/quote.h"
#include "tests/support/sim_key.h"
#include "tests/support/sim_pki.h"
#include "tests/support/sim_rsa_key.h"

namespace thimble::sim {

// The vTPM's attestation key: RSA of 2048 bits, or an elliptic one.
SimRsaKey VtpmKey(std::string_view world = "amd");
SimKey EllipticVtpmKey(Curve curve = Curve::kP256);
// Runtime data with this key as HCLAkPub.
std::string RuntimeData(const SimRsaKey& attestation_key);
std::string RuntimeData(const SimKey& attestation_key);
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

// Each of so many PCRs of a bank with a value of its own.
tpm::PcrValues SomePcrs(uint16_t bank = tpm::kSha256, uint8_t count = 4);
// As a request or tpm_pcrs.json has them: {"sha256": {"0": hex}}.
std::string PcrsJson(const tpm::PcrValues& pcrs);

enum class SignatureForm : uint8_t { kBare, kWrapped };  // a number, or TPMT_SIGNATURE

struct TpmQuoteSpec {
  Bytes nonce = {0x6e, 0x6f, 0x6e, 0x63, 0x65, 0x6e, 0x6f, 0x6e, 0x63, 0x65};
  tpm::PcrValues pcrs = SomePcrs();
  // What is quoted; empty: of each bank of `pcrs` all that is in it.
  std::vector<tpm::PcrSelection> selections = {};
  uint8_t selection_bytes = 3;
  tpm::Scheme scheme = tpm::Scheme::kRsassa;  // of an RSA key
  HashAlgorithm hash = HashAlgorithm::kSha256;
  SignatureForm form = SignatureForm::kBare;
  Bend<Bytes> bend = {};  // of the message, before it is signed
};
struct TpmQuoteBytes {
  Bytes message, signature;
};
TpmQuoteBytes MakeTpmQuote(const TpmQuoteSpec& spec, const SimRsaKey& attestation_key);
// Of P-256 with SHA-256, or P-384 with SHA-384; bare is DER.
TpmQuoteBytes MakeTpmQuote(const TpmQuoteSpec& spec, const SimKey& attestation_key);
// TPMT_SIGNATURE of an RSA number.
Bytes WrapRsaSignature(uint16_t scheme, uint16_t hash, const Bytes& signature);

}  // namespace thimble::sim
