// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/tpm_quote.h"

#include <algorithm>
#include <utility>

#include "tcb/base/byte_reader.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/der.h"

namespace thimble::amd {
namespace {

constexpr uint32_t kMagic = 0xff544347;  // TPM_GENERATED_VALUE
constexpr uint16_t kAttestQuote = 0x8018;
constexpr uint16_t kRsassa = 0x0014, kRsapss = 0x0016, kEcdsa = 0x0018;  // TPM_ALG_ID
constexpr size_t kClockInfoAndFirmware = 8 + 4 + 4 + 1 + 8;
constexpr uint32_t kMaxSelections = 16;
constexpr uint8_t kMaxSelectionBytes = 4;

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

Bytes ToBytes(ByteView view) { return Bytes(view.begin(), view.end()); }

// -- TPMS_ATTEST --

// TPMS_PCR_SELECTION: bit n of byte n / 8 is PCR n.
Result<PcrSelection> ReadSelection(ByteReader& reader) {
  const auto bank = Number<uint16_t>(reader);
  const auto size = reader.U8();
  if (!bank || !size) return Malformed("cut short");
  if (*size > kMaxSelectionBytes)
    return Malformed(StrCat("a selection of ", *size, " bytes, at most 4 occur"));
  const auto bits = reader.Take(*size);
  if (!bits) return Malformed("cut short");
  PcrSelection selection{.bank = *bank, .pcrs = {}};
  for (uint8_t i = 0; i < 8 * bits->size(); ++i) {
    if (((*bits)[i / 8] >> i % 8 & 1) != 0) selection.pcrs.push_back(i);
  }
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
  const auto count = Number<uint32_t>(reader);
  if (!count) return Malformed("cut short");
  if (*count > kMaxSelections) return Malformed(StrCat(*count, " selections, at most 16 are read"));
  TpmQuoteClaims claims;
  for (uint32_t i = 0; i < *count; ++i) {
    TRY_ASSIGN(PcrSelection selection, ReadSelection(reader));
    claims.selections.push_back(std::move(selection));
  }
  const auto digest = Sized(reader);
  if (!digest || reader.remaining() != 0) return Malformed("cut short, or bytes after its end");
  claims.extra_data = ToBytes(*extra_data);
  claims.pcr_digest = ToBytes(*digest);
  return claims;
}

// -- signatures --

bool IsRsaSize(size_t size) { return size == 256 || size == 384 || size == 512; }

std::optional<Bytes> Magnitude(ByteView number) {
  const auto first = std::ranges::find_if(number, [](uint8_t byte) { return byte != 0; });
  const auto length = static_cast<size_t>(number.end() - first);
  if (length == 0 || length > 48) return std::nullopt;  // P-384
  return Bytes(first, number.end());
}

std::optional<TpmSignature> EcdsaOf(uint16_t hash, ByteView r, ByteView s) {
  auto r_number = Magnitude(r), s_number = Magnitude(s);
  if (!r_number || !s_number) return std::nullopt;
  return TpmSignature{TpmScheme::kEcdsa, hash, {}, *std::move(r_number), *std::move(s_number)};
}

// TPMT_SIGNATURE, what tpm2_quote writes unless it is told otherwise.
std::optional<TpmSignature> ReadWrapped(ByteView signature) {
  ByteReader reader(signature);
  const auto scheme = Number<uint16_t>(reader), hash = Number<uint16_t>(reader);
  const auto first = Sized(reader);
  if (!scheme || !hash || !first) return std::nullopt;
  if (scheme == kEcdsa) {
    const auto second = Sized(reader);
    if (!second || reader.remaining() != 0) return std::nullopt;
    return EcdsaOf(*hash, *first, *second);
  }
  if ((scheme != kRsassa && scheme != kRsapss) || !IsRsaSize(first->size()) || reader.remaining() != 0)
    return std::nullopt;
  return TpmSignature{
      scheme == kRsassa ? TpmScheme::kRsassa : TpmScheme::kRsapss, *hash, ToBytes(*first), {}, {}};
}

// SEQUENCE { INTEGER r, INTEGER s }: `tpm2_quote -f plain` of an elliptic key.
std::optional<TpmSignature> ReadDer(ByteView signature, uint16_t hash) {
  der::Reader reader(signature);
  auto sequence = reader.Enter(der::kSequence);
  if (!sequence || !reader.empty()) return std::nullopt;
  const auto r = sequence->Magnitude(), s = sequence->Magnitude();
  if (!r || !s || !sequence->empty()) return std::nullopt;
  return EcdsaOf(hash, *r, *s);
}

// No two of these forms have one length and one beginning.
Result<TpmSignature> ReadSignature(ByteView signature, size_t digest_size) {
  if (auto wrapped = ReadWrapped(signature)) return *std::move(wrapped);
  const auto hash = std::ranges::find(kPcrBanks, digest_size, &PcrBank::digest_size);
  const uint16_t algorithm = hash != kPcrBanks.end() ? hash->id : uint16_t{0};
  if (IsRsaSize(signature.size())) return TpmSignature{std::nullopt, algorithm, ToBytes(signature), {}, {}};
  if (auto ecdsa = ReadDer(signature, algorithm)) return *std::move(ecdsa);
  if (signature.size() == 64 || signature.size() == 96) {
    const size_t half = signature.size() / 2;
    if (auto raw = EcdsaOf(algorithm, signature.first(half), signature.last(half))) return *std::move(raw);
  }
  return Malformed(StrCat("signature of ", signature.size(),
                          " bytes: neither a TPMT_SIGNATURE of RSASSA, RSAPSS or ECDSA, nor a bare one"));
}

}  // namespace

std::string_view TpmSchemeName(TpmScheme scheme) {
  switch (scheme) {
    case TpmScheme::kRsassa:
      return "RSASSA";
    case TpmScheme::kRsapss:
      return "RSAPSS";
    case TpmScheme::kEcdsa:
      return "ECDSA";
  }
  return "";
}

Result<TpmQuote> ParseTpmQuote(Bytes message, Bytes signature, std::optional<PcrValues> pcrs) {
  TRY_ASSIGN(auto claims, ReadAttest(message));
  TRY_ASSIGN(auto read, ReadSignature(signature, claims.pcr_digest.size()));
  return TpmQuote{std::move(message), std::move(read), std::move(claims), std::move(pcrs)};
}

std::optional<Bytes> PcrDigest(uint16_t hash, const PcrValues& pcrs,
                               const std::vector<PcrSelection>& selections) {
  Bytes selected;
  for (const PcrSelection& selection : selections) {
    const auto known = std::ranges::find(kPcrBanks, selection.bank, &PcrBank::id);
    const auto bank = pcrs.find(selection.bank);
    for (const uint8_t number : selection.pcrs) {
      if (bank == pcrs.end() || !bank->second.contains(number)) return std::nullopt;
      const Bytes& value = bank->second.at(number);
      if (known == kPcrBanks.end() || value.size() != known->digest_size) return std::nullopt;
      selected.insert(selected.end(), value.begin(), value.end());
    }
  }
  if (hash == kTpmSha256) return ToBytes(Sha256(selected).view());
  if (hash == kTpmSha384) return ToBytes(Sha384(selected).view());
  return std::nullopt;
}

}  // namespace thimble::amd
