// SPDX-License-Identifier: Apache-2.0
#include "tcb/input/amd_json.h"

#include <algorithm>
#include <charconv>

#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxCertificates = 8;
constexpr std::string_view kPemMark = "-----BEGIN ", kPemCrlMark = "-----BEGIN X509 CRL-----";

Error NotAsked(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Status AddCrl(ByteView bytes, amd::EndorsementSet& set) {
  if (!set.crl.empty()) {
    return Error{ErrorKind::kMalformed, Check::kCollateralMalformed,
                 "endorsements: two CRLs, one is for AMD's"};
  }
  set.crl.assign(bytes.begin(), bytes.end());
  return {};
}

bool IsCertificate(ByteView der) { return Certificate::Parse(der, Check::kCollateralMalformed).ok(); }
bool IsCrl(ByteView der) { return Crl::Parse(der, Check::kCollateralMalformed).ok(); }

// One value, of the bank that is given or, of a list alone, of the one with values of this length.
Status ReadPcr(const json::Value& value, uint8_t number, const tpm::PcrBank*& bank, tpm::PcrValues& pcrs) {
  TRY_ASSIGN(const std::string_view text, value.String());
  auto bytes = FromHex(text);
  if (bytes && bank == nullptr) {
    const auto found = std::ranges::find(tpm::kPcrBanks, bytes->size(), &tpm::PcrBank::digest_size);
    if (found != tpm::kPcrBanks.end()) bank = &*found;
  }
  if (!bytes || bank == nullptr || bytes->size() != bank->digest_size) {
    return NotAsked(
        StrCat("PCR ", number, ": not hex of a digest of ", bank != nullptr ? bank->name : "any bank"));
  }
  pcrs[bank->id][number] = *std::move(bytes);
  return {};
}

Status ReadPcrList(const json::Value& list, const tpm::PcrBank* bank, tpm::PcrValues& pcrs) {
  constexpr uint8_t kListed = 24;
  TRY_ASSIGN(const auto elements, list.Array());
  if (elements.size() != kListed) return NotAsked(StrCat("PCRs: ", elements.size(), ", expected 24"));
  for (uint8_t i = 0; i < kListed; ++i) {
    if (!elements.at(i).IsNull()) TRY(ReadPcr(elements.at(i), i, bank, pcrs));
  }
  return {};
}

Status ReadPcrMembers(const json::Value& object, const tpm::PcrBank& bank, tpm::PcrValues& pcrs) {
  TRY_ASSIGN(const auto members, object.Members());
  for (const auto& [name, value] : members) {
    uint8_t number = 0;
    const char* const end = name.data() + name.size();
    const auto parsed = std::from_chars(name.data(), end, number);
    if (parsed.ec != std::errc() || parsed.ptr != end || number >= tpm::kPcrCount)
      return NotAsked(StrCat("pcrs: \"", name, "\" is not 0 to 31"));
    if (pcrs[bank.id].contains(number)) return NotAsked(StrCat("pcrs: \"", name, "\" is there twice"));
    const tpm::PcrBank* own = &bank;
    TRY(ReadPcr(value, number, own, pcrs));
  }
  return {};
}

Result<Bytes> Base64Member(const json::Value& object, std::string_view name) {
  TRY_ASSIGN(const json::Value member, object.Get(name));
  TRY_ASSIGN(const std::string_view text, member.String());
  auto bytes = FromBase64(text);
  if (!bytes) return NotAsked(StrCat("tpm_quote.", name, ": not base64"));
  return *std::move(bytes);
}

}  // namespace

Status AddEndorsement(ByteView bytes, amd::EndorsementSet& set) {
  const std::string_view text = AsText(bytes);
  const bool pem = text.find(kPemMark) != std::string_view::npos;
  if (pem ? text.find(kPemCrlMark) != std::string_view::npos : !IsCertificate(bytes) && IsCrl(bytes)) {
    return AddCrl(bytes, set);
  }
  TRY_ASSIGN(auto found, DecodeCertificates(bytes, kMaxCertificates, Check::kCollateralMalformed));
  if (set.certificates.size() + found.size() > kMaxCertificates) {
    return Error{ErrorKind::kMalformed, Check::kCollateralMalformed,
                 StrCat("endorsements: more than ", kMaxCertificates, " certificates")};
  }
  for (Bytes& der : found) set.certificates.push_back(std::move(der));
  return {};
}

Result<amd::EndorsementSet> ReadEndorsements(const json::Value& list) {
  const auto elements = list.Array();
  if (!elements) return NotAsked("endorsements: must be a list");
  amd::EndorsementSet set;
  for (const json::Value& element : *elements) {
    const std::string_view text = element.String().ok() ? *element.String() : std::string_view();
    const bool plain = text.find(kPemMark) != std::string_view::npos || text.starts_with('{');
    auto bytes = plain ? Bytes(AsBytes(text).begin(), AsBytes(text).end()) : FromBase64(text);
    if (!bytes || bytes->empty())
      return NotAsked("endorsements: each is PEM, a THIM document, or base64 of either or of DER");
    set.hints.push_back({StrCat("endorsements[", set.hints.size(), "]"), *std::move(bytes)});
  }
  return set;
}

Result<tpm::PcrValues> ReadPcrs(const json::Value& value) {
  tpm::PcrValues pcrs;
  if (value.type() == json::Type::kArray) {
    TRY(ReadPcrList(value, nullptr, pcrs));
  } else {
    TRY_ASSIGN(const auto members, value.Members());
    for (const auto& [name, values] : members) {
      const tpm::PcrBank* const bank = tpm::FindPcrBank(name);
      if (bank == nullptr) return NotAsked(StrCat("pcrs: there is no bank \"", name, "\""));
      TRY(values.type() == json::Type::kArray ? ReadPcrList(values, bank, pcrs)
                                              : ReadPcrMembers(values, *bank, pcrs));
    }
  }
  if (pcrs.empty()) return NotAsked("pcrs: names no PCR");
  return pcrs;
}

Result<tpm::Quote> ReadTpmQuote(const json::Value& object, const tpm::QuoteChecks& checks) {
  TRY(object.AllowOnly({"message", "signature", "pcrs"}));
  TRY_ASSIGN(Bytes message, Base64Member(object, "message"));
  TRY_ASSIGN(Bytes signature, Base64Member(object, "signature"));
  std::optional<tpm::PcrValues> pcrs;
  if (const auto list = object.Find("pcrs")) {
    TRY_ASSIGN(pcrs, ReadPcrs(*list));
  }
  return tpm::ParseQuote(std::move(message), std::move(signature), pcrs, checks);
}

}  // namespace thimble
