// SPDX-License-Identifier: Apache-2.0
#include "tcb/tpm/quote.h"

#include <algorithm>
#include <utility>

#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/der.h"
#include "tcb/tpm/reader.h"

namespace thimble::tpm {
namespace {

constexpr uint32_t kMagic = 0xff544347;  // TPM_GENERATED_VALUE
constexpr uint16_t kAttestQuote = 0x8018;
constexpr uint16_t kRsassa = 0x0014, kRsapss = 0x0016, kEcdsa = 0x0018;  // TPM_ALG_ID
constexpr size_t kClockInfoAndFirmware = 8 + 4 + 4 + 1 + 8;
constexpr uint32_t kMaxSelections = 16;
constexpr uint8_t kMaxSelectionBytes = 4;

Error Broken(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kTpmFormat, StrCat("TPM quote: ", what)};
}

// -- TPMS_ATTEST --

// TPMS_PCR_SELECTION: bit n of byte n / 8 is PCR n.
Result<PcrSelection> ReadSelection(ByteReader& reader) {
  const auto bank = Number<uint16_t>(reader);
  const auto size = reader.U8();
  if (!bank || !size) return Broken("cut short");
  if (*size > kMaxSelectionBytes) return Broken(StrCat("a selection of ", *size, " bytes, at most 4 occur"));
  const auto bits = reader.Take(*size);
  if (!bits) return Broken("cut short");
  PcrSelection selection{.bank = *bank, .pcrs = {}};
  for (uint8_t i = 0; i < 8 * bits->size(); ++i) {
    if (((*bits)[i / 8] >> i % 8 & 1) != 0) selection.pcrs.push_back(i);
  }
  return selection;
}

// -- signatures --

bool IsRsaSize(size_t size) { return size == 256 || size == 384 || size == 512; }

std::optional<Bytes> Magnitude(ByteView number) {
  const auto first = std::ranges::find_if(number, [](uint8_t byte) { return byte != 0; });
  const auto length = static_cast<size_t>(number.end() - first);
  if (length == 0 || length > 48) return std::nullopt;  // P-384
  return Bytes(first, number.end());
}

std::optional<Signature> EcdsaOf(uint16_t hash, ByteView r, ByteView s) {
  auto r_number = Magnitude(r), s_number = Magnitude(s);
  if (!r_number || !s_number) return std::nullopt;
  return Signature{Scheme::kEcdsa, hash, {}, *std::move(r_number), *std::move(s_number)};
}

// TPMT_SIGNATURE, what tpm2_quote writes unless it is told otherwise.
std::optional<Signature> ReadWrapped(ByteView signature) {
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
  return Signature{scheme == kRsassa ? Scheme::kRsassa : Scheme::kRsapss, *hash, ToBytes(*first), {}, {}};
}

// SEQUENCE { INTEGER r, INTEGER s }: `tpm2_quote -f plain` of an elliptic key.
std::optional<Signature> ReadDer(ByteView signature, uint16_t hash) {
  der::Reader reader(signature);
  auto sequence = reader.Enter(der::kSequence);
  if (!sequence || !reader.empty()) return std::nullopt;
  const auto r = sequence->Magnitude(), s = sequence->Magnitude();
  if (!r || !s || !sequence->empty()) return std::nullopt;
  return EcdsaOf(hash, *r, *s);
}

}  // namespace

std::string_view SchemeName(Scheme scheme) {
  switch (scheme) {
    case Scheme::kRsassa:
      return "RSASSA";
    case Scheme::kRsapss:
      return "RSAPSS";
    case Scheme::kEcdsa:
      return "ECDSA";
  }
  return "";
}

Result<QuoteClaims> ReadQuoteClaims(ByteView message) {
  ByteReader reader(message);
  const auto magic = Number<uint32_t>(reader);
  const auto type = Number<uint16_t>(reader);
  if (magic != kMagic || type != kAttestQuote) return Broken("not a TPMS_ATTEST of a quote");
  const auto signer = Sized(reader);
  const auto extra_data = Sized(reader);
  if (!signer || !extra_data || !reader.Take(kClockInfoAndFirmware)) return Broken("cut short");
  const auto count = Number<uint32_t>(reader);
  if (!count) return Broken("cut short");
  if (*count > kMaxSelections) return Broken(StrCat(*count, " selections, at most 16 are read"));
  QuoteClaims claims;
  for (uint32_t i = 0; i < *count; ++i) {
    TRY_ASSIGN(PcrSelection selection, ReadSelection(reader));
    claims.selections.push_back(std::move(selection));
  }
  const auto digest = Sized(reader);
  if (!digest || reader.remaining() != 0) return Broken("cut short, or bytes after its end");
  claims.extra_data = ToBytes(*extra_data);
  claims.pcr_digest = ToBytes(*digest);
  return claims;
}

// No two of these forms have one length and one beginning.
std::optional<Signature> ReadSignature(ByteView signature, size_t digest_size) {
  if (auto wrapped = ReadWrapped(signature)) return wrapped;
  const auto hash = std::ranges::find(kPcrBanks, digest_size, &PcrBank::digest_size);
  const uint16_t algorithm = hash != kPcrBanks.end() ? hash->id : uint16_t{0};
  if (IsRsaSize(signature.size())) return Signature{std::nullopt, algorithm, ToBytes(signature), {}, {}};
  if (auto ecdsa = ReadDer(signature, algorithm)) return ecdsa;
  if (signature.size() != 64 && signature.size() != 96) return std::nullopt;
  const size_t half = signature.size() / 2;
  return EcdsaOf(algorithm, signature.first(half), signature.last(half));
}

Result<Quote> ParseQuote(Bytes message, Bytes signature, std::optional<PcrValues> pcrs,
                         const QuoteChecks& checks) {
  auto claims = ReadQuoteClaims(message);
  if (!claims) return Error{ErrorKind::kMalformed, checks.format, claims.error().message};
  auto read = ReadSignature(signature, claims->pcr_digest.size());
  if (!read) {
    return Error{ErrorKind::kMalformed, checks.signature_format,
                 StrCat("TPM quote: signature of ", signature.size(),
                        " bytes: neither a TPMT_SIGNATURE of RSASSA, RSAPSS or ECDSA, nor a bare one")};
  }
  return Quote{std::move(message), *std::move(read), *std::move(claims), std::move(pcrs),
               std::move(signature)};
}

namespace {

std::optional<HashAlgorithm> HashOf(uint16_t algorithm) {
  if (algorithm == kSha256) return HashAlgorithm::kSha256;
  if (algorithm == kSha384) return HashAlgorithm::kSha384;
  return std::nullopt;
}

// A bare signature does not say which scheme it is of; each of them proves the same.
bool HoldsRsa(const Signature& signature, HashAlgorithm hash, ByteView message, const RsaPublicKey& key) {
  if (signature.scheme != Scheme::kRsapss && key.VerifyPkcs1(hash, message, signature.rsa)) return true;
  return signature.scheme != Scheme::kRsassa && key.VerifyPss(hash, message, signature.rsa);
}

bool HoldsEcdsa(const Signature& signature, HashAlgorithm hash, ByteView message, const EcPublicKey& key) {
  const size_t size = key.point().size() / 2;
  if (signature.r.size() > size || signature.s.size() > size) return false;
  Bytes r_s(2 * size);
  std::ranges::copy_backward(signature.r, r_s.begin() + static_cast<std::ptrdiff_t>(size));
  std::ranges::copy_backward(signature.s, r_s.end());
  return key.VerifyRaw(hash, message, r_s);
}

// The first of the PCRs that the caller names and the quote says nothing of.
std::optional<std::string> NotCovered(const Quote& quote) {
  for (const auto& [bank, values] : *quote.pcrs) {
    for (const auto& [number, value] : values) {
      if (!Covers(quote.claims.selections, bank, number))
        return StrCat("PCR ", number, " of ", PcrBankName(bank));
    }
  }
  return std::nullopt;
}

// The first of the PCRs that the quote covers and the caller does not give, or not as long as its bank's are.
std::optional<std::string> NotGiven(const Quote& quote) {
  for (const PcrSelection& selection : quote.claims.selections) {
    const auto values = quote.pcrs->find(selection.bank);
    const auto known = std::ranges::find(kPcrBanks, selection.bank, &PcrBank::id);
    for (const uint8_t number : selection.pcrs) {
      const bool given = values != quote.pcrs->end() && values->second.contains(number);
      const std::string name = StrCat("PCR ", number, " of ", PcrBankName(selection.bank));
      if (!given) return StrCat(name, ": covered by the quote, and not given");
      if (known == kPcrBanks.end()) return StrCat(name, ": a bank that is not known here");
      const size_t size = values->second.at(number).size();
      if (size != known->digest_size)
        return StrCat(name, ": given with ", size, " bytes, has ", known->digest_size);
    }
  }
  return std::nullopt;
}

}  // namespace

std::string SignatureProblem(const Signature& signature, ByteView message, const PublicKey& key,
                             std::string_view key_name) {
  const auto hash = HashOf(signature.hash);
  if (!hash) {
    return StrCat("the vTPM quote is signed with ", PcrBankName(signature.hash),
                  ", which is refused; SHA-256 and SHA-384 are taken");
  }
  const auto* const rsa = std::get_if<RsaPublicKey>(&key);
  const auto* const ec = std::get_if<EcPublicKey>(&key);
  if ((rsa != nullptr) == signature.rsa.empty()) {
    return StrCat("the vTPM quote is signed with ", rsa != nullptr ? "ECDSA" : "RSA", ", ", key_name,
                  " is an ", rsa != nullptr ? "RSA" : "elliptic", " key");
  }
  const bool holds =
      rsa != nullptr ? HoldsRsa(signature, *hash, message, *rsa) : HoldsEcdsa(signature, *hash, message, *ec);
  return holds ? "" : StrCat("signature of the vTPM quote does not hold under ", key_name);
}

bool Covers(const std::vector<PcrSelection>& selections, uint16_t bank, uint8_t number) {
  return std::ranges::any_of(selections, [&](const PcrSelection& selection) {
    return selection.bank == bank && std::ranges::binary_search(selection.pcrs, number);
  });
}

// Of a PCR that is not quoted, the quote would prove nothing.
std::string PcrProblem(const Quote& quote) {
  if (!quote.pcrs) return {};
  if (const auto stray = NotCovered(quote)) return StrCat(*stray, ": given, and not covered by the quote");
  if (const auto missing = NotGiven(quote)) return *missing;
  const auto digest = PcrDigest(quote.signature.hash, *quote.pcrs, quote.claims.selections);
  if (!digest)
    return StrCat("signed with ", PcrBankName(quote.signature.hash), "; SHA-256 and SHA-384 are taken");
  if (Equal(*digest, quote.claims.pcr_digest)) return {};
  return StrCat("PCR digest: quote ", HexLower(quote.claims.pcr_digest), ", ",
                PcrBankName(quote.signature.hash), " over the selected PCRs ", HexLower(*digest));
}

std::string NonceProblem(const Quote& quote, ByteView nonce) {
  if (EqualConstantTime(quote.claims.extra_data, nonce)) return {};
  return StrCat("nonce: expected ", HexLower(nonce), ", quote ", HexLower(quote.claims.extra_data));
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
  if (hash == kSha256) return ToBytes(Sha256(selected).view());
  if (hash == kSha384) return ToBytes(Sha384(selected).view());
  return std::nullopt;
}

}  // namespace thimble::tpm
