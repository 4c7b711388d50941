// SPDX-License-Identifier: Apache-2.0
//
// What an Open Enclave wrapping says beside the quote in it (spec/open-enclave.md section 1).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"

namespace thimble::openenclave {

enum class Format : uint8_t { kReport, kEvidence, kPluginEvidence, kCertificate };
std::string_view FormatName(
    Format format);  // "oe_report", "oe_evidence", "oe_plugin_evidence", "oe_certificate"

struct CustomClaim {
  std::string name;
  Bytes value;
  bool operator==(const CustomClaim&) const = default;
};

// Of evidence whose report data is the hash of custom claims.
struct CustomClaims {
  size_t size = 0;
  Digest256 sha256;
  // Both only once the report data has been found to be that hash: nobody vouches for others.
  Bytes bytes;
  std::vector<CustomClaim> list;  // empty where the bytes are not of Open Enclave's serialiser
  bool operator==(const CustomClaims&) const = default;
};

struct Claims {
  Format format = Format::kReport;
  std::string format_id;                      // UUID; of OE evidence, also in a certificate
  std::optional<Format> in_certificate;       // of a certificate: absent for a bare quote
  std::optional<CustomClaims> custom_claims;  // absent: this wrapping has none
  std::optional<Digest256> certificate_sha256;
  // SHA-256 of the certificate's key as PEM and NUL: the kid of Azure Attestation's keys.
  std::optional<Digest256> certificate_key_sha256;
  bool operator==(const Claims&) const = default;
};

// The claims in a buffer of Open Enclave's serialiser; nullopt: it is not of that, which is no error.
std::optional<std::vector<CustomClaim>> ParseCustomClaims(ByteView buffer);

}  // namespace thimble::openenclave
