// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/tpm_quote.h"

#include <utility>

#include "tcb/base/byte_reader.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr uint32_t kMagic = 0xff544347;  // TPM_GENERATED_VALUE
constexpr uint16_t kAttestQuote = 0x8018;
constexpr uint16_t kSha256 = 0x000b;
constexpr size_t kClockInfoAndFirmware = 8 + 4 + 4 + 1 + 8;

Error Malformed(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kHclFormat, StrCat("TPM quote: ", what)};
}

// Big endian, as everything in a TPM structure.
template <class T>
std::optional<T> Number(ByteReader& reader) {
  const auto bytes = reader.Take(sizeof(T));
  if (!bytes) return std::nullopt;
  T value = 0;
  for (const uint8_t byte : *bytes) value = static_cast<T>(static_cast<T>(value << 8) | byte);
  return value;
}

// TPM2B_*: a length of 16 bits, and so many bytes.
std::optional<ByteView> Sized(ByteReader& reader) {
  const auto size = Number<uint16_t>(reader);
  return size ? reader.Take(*size) : std::nullopt;
}

Result<std::array<bool, 24>> ReadSelection(ByteReader& reader) {
  const auto count = Number<uint32_t>(reader);
  const auto hash = Number<uint16_t>(reader);
  const auto size = reader.U8();
  const auto bits = reader.Take(3);
  if (!bits || count != 1u || hash != kSha256 || size != 3) {
    return Malformed("not one selection of 24 PCRs of the SHA-256 bank");
  }
  std::array<bool, 24> selection{};
  for (size_t i = 0; i < selection.size(); ++i) selection[i] = ((*bits)[i / 8] >> i % 8 & 1) != 0;
  return selection;
}

Result<TpmQuoteClaims> ReadAttest(ByteView message) {
  ByteReader reader(message);
  const auto magic = Number<uint32_t>(reader);
  const auto type = Number<uint16_t>(reader);
  if (magic != kMagic || type != kAttestQuote) return Malformed("not a TPMS_ATTEST of a quote");
  const auto signer = Sized(reader);
  const auto extra_data = Sized(reader);
  if (!signer || !extra_data || !reader.Take(kClockInfoAndFirmware)) return Malformed("cut short");
  TpmQuoteClaims claims;
  TRY_ASSIGN(claims.pcr_selection, ReadSelection(reader));
  const auto digest = Sized(reader);
  if (!digest || reader.remaining() != 0) return Malformed("cut short, or bytes after its end");
  claims.extra_data = Bytes(extra_data->begin(), extra_data->end());
  claims.pcr_digest = Bytes(digest->begin(), digest->end());
  return claims;
}

}  // namespace

Result<TpmQuote> ParseTpmQuote(Bytes message, Bytes signature, std::optional<PcrBank> pcrs) {
  TRY_ASSIGN(auto claims, ReadAttest(message));
  return TpmQuote{std::move(message), std::move(signature), std::move(claims), std::move(pcrs)};
}

Digest256 PcrDigest(const PcrBank& pcrs, const std::array<bool, 24>& selection) {
  Bytes selected;
  for (size_t i = 0; i < pcrs.size(); ++i) {
    const ByteView pcr = pcrs[i].view();
    if (selection[i]) selected.insert(selected.end(), pcr.begin(), pcr.end());
  }
  return Sha256(selected);
}

}  // namespace thimble::amd
