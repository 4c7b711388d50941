// SPDX-License-Identifier: Apache-2.0
//
// ATTESTATION_REPORT as bytes, versions 2 to 6 (spec/amd-sev-snp.md c). Decoding says nothing about trust.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/amd/claims.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble::amd {

constexpr size_t kReportSize = 1184;

// `signed_bytes` is a view into the report; the rest is copied.
struct Report {
  ByteView signed_bytes;                // 0x000..0x29F
  std::array<uint8_t, 96> signature{};  // R || S, big endian, as EcPublicKey::VerifyRaw takes them
  uint32_t signature_algorithm = 0;
  SnpClaims claims;  // TCBs raw: their layout is the product's
};

// Exactly 1184 bytes. Malformed as snp.version when the version is none of 2 to 6, and as snp.format when the
// length is another or one of the ranges that are known to be zero in these versions is not. Bits that newer
// firmware has given a meaning (PLATFORM_INFO, other reserved ranges) are not judged.
Result<Report> ParseReport(ByteView bytes);

// Fills in the TCBs from their bytes, once the product is known.
void DecodeTcbs(SnpClaims& claims, Product product);

enum class TableContent : uint8_t { kVcek, kVlek, kIntermediate, kArk, kCrl };
std::string_view TableContentName(TableContent content);  // "vcek", "vlek", "ask", "ark", "crl"

struct TableEntry {
  std::string name;                     // for people: "certificate table, entry 1 (vcek)"
  std::optional<TableContent> content;  // what its GUID promises; absent: a GUID that is not known
  ByteView data;                        // DER, sometimes PEM, sometimes followed by zeros
};

// A report and the certificate table after it (SNP_GET_EXT_REPORT). The host supplies the table; nobody signs it. So
// what is wrong with it is no fault of the evidence.
struct ExtendedReport {
  ByteView report;
  std::vector<TableEntry> table;     // entries with contents; empty for a report on its own
  std::vector<std::string> dropped;  // what could not be read of it, and why
};

// Malformed (snp.format) when the report is cut short.
Result<ExtendedReport> SplitExtendedReport(ByteView evidence);

}  // namespace thimble::amd
