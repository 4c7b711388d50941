// SPDX-License-Identifier: Apache-2.0
//
// Open Enclave's wrappings, simulated (spec/open-enclave.md): around quotes of a SimIntel, whose report data binds what the
// wrapping adds.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/sim_intel.h"

namespace thimble::sim {

inline constexpr const char* kSgxEcdsaFormat = "a3a21e871b4d4014b70aa125d2fbcd8c";
inline constexpr const char* kReportFormat = "c8303454d9234c2ca691df7def460a76";
inline constexpr const char* kSgxQuoteFormat = "1923d91e12d24c72b22025cd8dace871";
inline constexpr const char* kTdxQuoteFormat = "8ba70286c1cf11edafa10242ac120002";

// A quote whose report data is SHA-256 of this, then zeros.
QuoteOptions Binding(ByteView bound, QuoteOptions options = {});

struct OeReportSpec {
  uint32_t version = 1, type = 2;
  std::optional<uint64_t> size = {};  // what the header says; default: as it is
};
Bytes EncodeOeReport(const Bytes& quote, const OeReportSpec& spec = {});

inline constexpr ptrdiff_t kOeEvidenceHeader = 32;
struct OeEvidenceSpec {
  uint32_t version = 3, padding = 0;
  std::string format_id = kSgxEcdsaFormat;  // hex
  std::optional<uint64_t> size = {};
};
Bytes EncodeOeEvidence(const Bytes& data, const OeEvidenceSpec& spec = {});

// As oe_serialize_custom_claims() writes them.
Bytes EncodeCustomClaims(const std::vector<std::pair<std::string, Bytes>>& claims);
// Header, quote, custom claims that it binds.
Bytes MakeOeEvidence(const SimIntel& intel, const Bytes& custom_claims, const QuoteOptions& options = {});

// The items of the buffer in their order, with its offsets from `bend`.
struct OeEndorsementsSpec {
  uint32_t version = 1, enclave_type = 2;
  std::vector<Bytes> items = {};
  std::vector<uint32_t> offsets = {};
  std::optional<uint32_t> size = {}, count = {};
};
Bytes EncodeOeEndorsements(const intel::CollateralSet& set, const Bend<OeEndorsementsSpec>& bend = {});

// A self-signed certificate with an extension. The key as Open Enclave hashes it: PEM, and a NUL.
Bytes OeKeyPem(const SimKey& key);
inline constexpr const char* kOeReportOid = "1.3.6.1.4.1.311.105.1";
inline constexpr const char* kOeEvidenceOid = "1.3.6.1.4.1.311.105.2";
inline constexpr const char* kOldOeReportOid = "1.2.840.113556.10.1.1";
inline constexpr const char* kOldOeEvidenceOid = "1.2.840.113556.10.1.2";
Bytes MakeOeCertificate(const std::string& oid, const Bytes& content, const SimKey& key, const SimKey& signer,
                        const Bend<CertificateSpec>& bend = {});

}  // namespace thimble::sim
