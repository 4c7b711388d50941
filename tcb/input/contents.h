// SPDX-License-Identifier: Apache-2.0
//
// What bytes are, told by their beginning and length: evidence of a kind, or by name what was handed over in its place.
// Nothing is decoded here, and nothing is said of trust.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/base/bytes.h"

namespace thimble {

// kOpenEnclave: a quote in one of its wrappings (openenclave/evidence.h). kTpmQuote: the message of a TPM's quote, without a
// hardware report. kVbsReport: the report package of a VBS enclave.
enum class EvidenceKind : uint8_t { kQuote, kSnpReport, kHclReport, kOpenEnclave, kTpmQuote, kVbsReport };

namespace input {

// By length, magic and version; nullopt: none.
std::optional<EvidenceKind> KindOf(ByteView bytes);

// What the driver writes before a report (SNP_GET_REPORT, SNP_GET_EXT_REPORT): status, size, 24 zeros.
constexpr size_t kDriverHeaderSize = 32;
bool HasDriverHeader(ByteView bytes);

struct Contents {
  std::string what;    // "a TDX quote", "a PCK CRL's hex dump", "12 bytes that begin with 0a0b"; never empty
  std::string advice;  // what to do with it; may be empty
};
Contents ContentsOf(ByteView bytes);

// "is a gzip file; unpack it first".
std::string Sentence(const Contents& contents);

}  // namespace input
}  // namespace thimble
