// SPDX-License-Identifier: Apache-2.0
#include "service/verification/amd_json.h"

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

Result<amd::PcrBank> ReadPcrs(const json::Value& list) {
  TRY_ASSIGN(const auto elements, list.Array());
  amd::PcrBank pcrs;
  if (elements.size() != pcrs.size()) return NotAsked(StrCat("PCRs: ", elements.size(), ", expected 24"));
  for (size_t i = 0; i < pcrs.size(); ++i) {
    TRY_ASSIGN(const std::string_view text, elements.at(i).String());
    const auto pcr = Digest256::FromHex(text);
    if (!pcr) return NotAsked(StrCat("PCR ", i, ": not 64 hex digits"));
    pcrs.at(i) = *pcr;
  }
  return pcrs;
}

Result<amd::TpmQuote> ReadTpmQuote(const json::Value& object) {
  TRY(object.AllowOnly({"message", "signature", "pcrs"}));
  TRY_ASSIGN(Bytes message, Base64Member(object, "message"));
  TRY_ASSIGN(Bytes signature, Base64Member(object, "signature"));
  std::optional<amd::PcrBank> pcrs;
  if (const auto list = object.Find("pcrs")) {
    TRY_ASSIGN(pcrs, ReadPcrs(*list));
  }
  return amd::ParseTpmQuote(std::move(message), std::move(signature), pcrs);
}

}  // namespace thimble
