// SPDX-License-Identifier: Apache-2.0
//
// What a TPM says of itself: the PCRs that it quotes, and the key that it quotes them with (spec/vbs-and-tpm.md
// sections 2, 3).
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/bytes.h"

namespace thimble::tpm {

// A bank of PCRs, by the hash that extends them (TPM_ALG_ID).
struct PcrBank {
  uint16_t id;
  std::string_view name;
  size_t digest_size;
};
inline constexpr uint16_t kSha1 = 0x0004, kSha256 = 0x000b, kSha384 = 0x000c, kSha512 = 0x000d;
inline constexpr std::array<PcrBank, 4> kPcrBanks = {
    {{kSha1, "sha1", 20}, {kSha256, "sha256", 32}, {kSha384, "sha384", 48}, {kSha512, "sha512", 64}}};
const PcrBank* FindPcrBank(std::string_view name);  // nullptr: not known
std::string PcrBankName(uint16_t id);               // "sha256"; "0x0012" where it is not known
inline constexpr uint8_t kPcrCount = 32;            // selections have at most 4 bytes

// The PCRs of one bank that a quote covers, in ascending order.
struct PcrSelection {
  uint16_t bank = 0;
  std::vector<uint8_t> pcrs;
  bool operator==(const PcrSelection&) const = default;
};
using PcrValues = std::map<uint16_t, std::map<uint8_t, Bytes>>;  // by bank and number

// TPMS_ATTEST of a quote.
struct QuoteClaims {
  Bytes extra_data;
  Bytes pcr_digest;
  std::vector<PcrSelection> selections;  // in the order of the quote
  bool operator==(const QuoteClaims&) const = default;
};

// Which of Azure's VMs an AK certificate names: "<id>.ConfidentialVM.Azure.windows.net", "<id>.TrustedVM...".
enum class AzureVm : uint8_t { kConfidential, kTrustedLaunch };
std::string_view AzureVmName(AzureVm vm);  // "ConfidentialVM", "TrustedVM"

// The certificate of an attestation key.
struct KeyCertificateClaims {
  Digest256 sha256;
  std::string subject, issuer;  // common names
  std::optional<AzureVm> vm;
  bool operator==(const KeyCertificateClaims&) const = default;
};

// Of an event log that replays to the quoted PCRs.
struct EventLogClaims {
  size_t events = 0;
  std::vector<PcrSelection> replayed;  // the PCRs of the quote that it leads to
  bool operator==(const EventLogClaims&) const = default;
};

// A quote by itself, or what came with one beside an HCL report.
struct Claims {
  std::optional<QuoteClaims> quote;
  PcrValues pcrs;                       // that the quote covers and its digest proves
  std::optional<Digest256> key_sha256;  // of the key's SubjectPublicKeyInfo, where it was given as one
  std::optional<KeyCertificateClaims> certificate;  // a certificate that a trusted root answers for
  std::optional<EventLogClaims> event_log;
  bool operator==(const Claims&) const = default;
};

}  // namespace thimble::tpm
