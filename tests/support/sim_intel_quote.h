// SPDX-License-Identifier: Apache-2.0
//
// Quotes of versions 3, 4 and 5, written from plain structs (DCAP 1).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "tcb/intel/claims.h"
#include "tests/support/sim_pki.h"

namespace thimble::sim {

struct SgxReportSpec {  // 384 bytes
  intel::TcbComponents cpu_svn = {};
  uint32_t misc_select = 0;
  std::array<uint8_t, 16> attributes = {0x05, 0, 0, 0, 0, 0, 0, 0, 0xe7};  // INIT and MODE64BIT; XFRM
  std::array<uint8_t, 32> mr_enclave = {}, mr_signer = {};
  std::array<uint8_t, 16> isv_ext_prod_id = {}, isv_family_id = {};
  std::array<uint8_t, 64> config_id = {}, report_data = {};
  uint16_t isv_prod_id = 0, isv_svn = 0, config_svn = 0;
};
Bytes EncodeSgxReport(const SgxReportSpec& spec);

enum class TdReportForm : uint8_t { k10 = 2, k15 = 3, k15Ex = 4 };  // the body types of quote v5

struct TdReportSpec {  // 584, 648 or 885 bytes
  intel::TcbComponents tee_tcb_svn = {};
  std::array<uint8_t, 48> mr_seam = {}, mr_signer_seam = {};
  std::array<uint8_t, 8> seam_attributes = {};
  std::array<uint8_t, 8> td_attributes = {0, 0, 0, 0x10};  // SEPT_VE_DISABLE
  std::array<uint8_t, 8> xfam = {0xe7, 0x02, 0x06};
  std::array<uint8_t, 48> mr_td = {}, mr_config_id = {}, mr_owner = {}, mr_owner_config = {};
  std::array<std::array<uint8_t, 48>, 4> rtmr = {};
  std::array<uint8_t, 64> report_data = {};
  intel::TcbComponents tee_tcb_svn2 = {};      // 1.5
  std::array<uint8_t, 48> mr_service_td = {};  // 1.5
  std::array<uint8_t, 237> ex = {};            // 1.5 Ex
};
Bytes EncodeTdReport(const TdReportSpec& spec, TdReportForm form);

// Everything in a quote. SimIntel::Quote() fills one in, lets a test bend it, and encodes it: what is changed
// here is changed before the signatures are made.
struct QuoteSpec {
  uint16_t version = 3;
  uint16_t key_type = 2;
  uint32_t tee_type = 0;             // 0x81: TDX
  uint16_t qe_svn = 0, pce_svn = 0;  // v3; reserved in v4 and v5
  std::array<uint8_t, 16> vendor_id = {0x93, 0x9a, 0x72, 0x33, 0xf7, 0x9c, 0x4c, 0xa9,
                                       0x94, 0x0a, 0x0d, 0xb3, 0x95, 0x7f, 0x06, 0x07};
  std::array<uint8_t, 20> user_data = {};
  uint16_t body_type = 1;                  // v5's descriptor; also tells which body is encoded
  std::optional<uint32_t> body_size = {};  // v5's descriptor; default: the body's own size
  SgxReportSpec sgx = {};
  TdReportSpec tdx = {};

  SgxReportSpec qe_report = {};
  bool bind_qe_report_data = true;  // SHA-256(attestation key || QE auth data); false: as given
  Bytes qe_auth = {};
  uint16_t certification_type = 5;
  Bytes certification_data = {};
  uint16_t outer_type = 6;  // v4 and v5
  Bytes auth_padding = {};  // inside the auth data, after everything else
  Bytes trailing = {};      // after the auth data

  SimKey attestation_key = SimKey("attestation");
  SimKey pck_key = SimKey("pck");
};
Bytes EncodeQuote(const QuoteSpec& spec);

// Where things lie in a quote made here, for changes after it is signed. Offsets from the start;
// `signed_size` is the length of what the quote signature covers.
struct QuoteOffsets {
  size_t body = 0, signed_size = 0;
  size_t auth_length = 0, signature = 0, attestation_key = 0;
  size_t outer_type = 0;  // 0 in v3
  size_t qe_report = 0, qe_report_signature = 0, qe_auth_length = 0, certification_type = 0,
         certification_data = 0;
};
QuoteOffsets LocateQuote(ByteView quote);

}  // namespace thimble::sim
