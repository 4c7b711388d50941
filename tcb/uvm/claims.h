// SPDX-License-Identifier: Apache-2.0
//
// What confidential containers on Azure bring beside an SNP report, once it has been found to hold
// (spec/azure-containers.md): who built the utility VM, and which policy says what may run in it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"
#include "tcb/base/time.h"

namespace thimble::uvm {

enum class Format : uint8_t { kLegacy, kHashEnvelope };
std::string_view FormatName(Format format);  // "legacy", "hash_envelope"

using Measurement = FixedBytes<struct UvmMeasurementTag, 48>;

// Of an endorsement that holds by itself: signature, chain, identifier, payload, signing time.
struct Endorsement {
  Format format = Format::kLegacy;
  std::string issuer, feed;  // the whole did:x509; who may sign which is policy's
  uint32_t svn = 0;          // of the utility VM image; not the report's GUEST_SVN
  Measurement measurement;
  std::optional<Instant> signed_at;  // as the signer says
  std::string algorithm;             // "PS384"
  Digest256 sha256, leaf_sha256;
  // Transparency receipts; nullopt: nobody asked for them, and the count is of what is there.
  size_t receipts = 0;
  std::optional<std::vector<std::string>> ledgers;  // whose receipts were found to hold, by name or "kid:ID"
  bool operator==(const Endorsement&) const = default;
};

struct Claims {
  std::optional<Endorsement> endorsement;
  std::optional<Digest256> security_policy;  // SHA-256 of the policy's bytes: the report's HOST_DATA
  bool operator==(const Claims&) const = default;
};

}  // namespace thimble::uvm
