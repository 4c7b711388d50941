// SPDX-License-Identifier: Apache-2.0
//
// The quote as bytes: versions 3, 4 and 5 (DCAP 1). All integers little endian. Decoding says nothing about
// trust.
#pragma once

#include <array>
#include <optional>
#include <variant>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/intel/claims.h"

namespace thimble::intel {

enum class CertificationDataType : uint16_t {  // DCAP 1.5
  kPpidPlain = 1,
  kPpidRsa2048 = 2,
  kPpidRsa3072 = 3,
  kPckLeaf = 4,
  kPckChain = 5,
};

// Views into the quote's bytes; valid as long as they are.
struct Quote {
  uint16_t version = 0;
  bool tdx = false;
  ByteView signed_bytes;  // header and body (and the v5 descriptor): what the quote signature covers
  std::variant<SgxClaims, TdxClaims> body;
  ByteView signature;        // 64
  ByteView attestation_key;  // X || Y, 64; on the curve
  ByteView qe_report_bytes;  // 384: what the QE report signature covers
  SgxClaims qe_report;
  ByteView qe_report_signature;  // 64
  ByteView qe_auth_data;         // 0 to 65535
  CertificationDataType certification_type{};
  ByteView certification_data;
  size_t trailing_bytes = 0;  // after the auth data; accepted and counted (DCAP 1.3)
};

// Malformed (quote.format) when it breaks a rule of DCAP 1. At most 1 MiB.
// The attestation key's point is checked to be on the curve where it is used (verify.cpp), also as
// quote.format.
Result<Quote> ParseQuote(ByteView bytes);

// Reports on their own (also inside other structures). The views must have exactly the size of the report.
SgxClaims ParseSgxReport(std::span<const uint8_t, 384> report);

// Certification data of types 1 to 3: what a PCK certificate is looked up by. Real samples are 404 or 34
// bytes long.
struct PckLookup {
  QeId qe_id;     // the first 16 bytes of the header's user data (DCAP 1.1)
  ByteView ppid;  // plain or encrypted
  TcbComponents cpu_svn{};
  PceSvn pce_svn{};
  std::optional<PceId> pce_id;
};
std::optional<PckLookup> ParsePckLookup(const Quote& quote);

}  // namespace thimble::intel
