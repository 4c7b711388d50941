// SPDX-License-Identifier: Apache-2.0
#include "service/verification/evidence_files.h"

#include <filesystem>

#include "service/verification/amd_json.h"
#include "service/verification/collateral_json.h"
#include "service/support/file.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxEvidenceBytes = 1u << 20;
constexpr size_t kMaxCollateralBytes = 8u << 20;

Bytes ToBytes(std::string_view text) {
  const ByteView view = AsBytes(text);
  return Bytes(view.begin(), view.end());
}

// Empty when the directory has no such file.
Result<std::string> TextIn(const std::filesystem::path& directory, std::string_view name) {
  TRY_ASSIGN(auto text, ReadFileIfThere((directory / name).string(), kMaxCollateralBytes));
  return text.value_or("");
}

Result<Bytes> BytesIn(const std::filesystem::path& directory, std::string_view name) {
  TRY_ASSIGN(const std::string text, TextIn(directory, name));
  return ToBytes(text);
}

Result<intel::CollateralSet> ReadDirectory(const std::filesystem::path& directory) {
  intel::CollateralSet set;
  TRY_ASSIGN(set.root_ca_crl, BytesIn(directory, "root_ca_crl.der"));
  TRY_ASSIGN(set.pck_crl, BytesIn(directory, "pck_crl.der"));
  TRY_ASSIGN(set.tcb_info, BytesIn(directory, "tcb_info.json"));
  TRY_ASSIGN(set.qe_identity, BytesIn(directory, "qe_identity.json"));
  TRY_ASSIGN(set.pck_crl_issuer_chain, TextIn(directory, "pck_crl_chain.pem"));
  TRY_ASSIGN(set.tcb_info_issuer_chain, TextIn(directory, "tcb_info_chain.pem"));
  TRY_ASSIGN(set.qe_identity_issuer_chain, TextIn(directory, "qe_identity_chain.pem"));
  TRY_ASSIGN(set.pck_chain, TextIn(directory, "pck_chain.pem"));
  return set;
}

Result<amd::EndorsementSet> EndorsementsIn(const std::filesystem::path& directory) {
  amd::EndorsementSet set;
  for (const char* name : {"vcek.der", "vlek.der", "chain.pem", "crl.der"}) {
    TRY_ASSIGN(const Bytes bytes, BytesIn(directory, name));
    if (!bytes.empty()) TRY(AddEndorsement(bytes, set));
  }
  return set;
}

Result<std::optional<amd::TpmQuote>> TpmQuoteIn(const std::filesystem::path& directory) {
  TRY_ASSIGN(Bytes message, BytesIn(directory, "tpm_quote.msg"));
  if (message.empty()) return std::optional<amd::TpmQuote>();
  TRY_ASSIGN(Bytes signature, BytesIn(directory, "tpm_quote.sig"));
  TRY_ASSIGN(const std::string text, TextIn(directory, "tpm_pcrs.json"));
  std::optional<amd::PcrBank> pcrs;
  if (!text.empty()) {
    TRY_ASSIGN(const auto document, json::Document::Parse(text, "tpm_pcrs.json", ErrorKind::kMalformed,
                                                          Check::kCollateralMalformed));
    TRY_ASSIGN(pcrs, ReadPcrs(document->root()));
  }
  TRY_ASSIGN(amd::TpmQuote quote, amd::ParseTpmQuote(std::move(message), std::move(signature), pcrs));
  return std::optional(std::move(quote));
}

}  // namespace

Result<Bytes> ReadEvidence(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxEvidenceBytes));
  return ToBytes(text);
}

Result<intel::CollateralSet> ReadIntelCollateral(const std::string& path) {
  std::error_code ignored;  // what is no directory is read as a file, which says what is wrong with it
  if (std::filesystem::is_directory(path, ignored)) return ReadDirectory(path);
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxCollateralBytes));
  return ParseCollateralJson(text);
}

Result<AmdFiles> ReadAmdCollateral(const std::string& directory) {
  std::error_code ignored;  // what cannot be looked at is no directory for us
  if (!std::filesystem::is_directory(directory, ignored)) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(directory, ": collateral of AMD's evidence is a directory")};
  }
  AmdFiles files;
  TRY_ASSIGN(files.endorsements, EndorsementsIn(directory));
  TRY_ASSIGN(Bytes td_quote, BytesIn(directory, "td_quote.bin"));
  if (!td_quote.empty()) files.td_quote = std::move(td_quote);
  TRY_ASSIGN(files.tpm_quote, TpmQuoteIn(directory));
  return files;
}

}  // namespace thimble
