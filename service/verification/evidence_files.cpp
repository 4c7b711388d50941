// SPDX-License-Identifier: Apache-2.0
#include "service/verification/evidence_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <iterator>
#include <set>

#include "service/support/file.h"
#include "service/verification/amd_json.h"
#include "service/verification/collateral_json.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxEvidenceBytes = 1u << 20;
constexpr size_t kMaxCollateralBytes = 8u << 20;
constexpr size_t kMaxHintBytes = 1u << 20;
constexpr size_t kShortestText = 64;  // characters; all that is written down as text has more

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

constexpr std::array<std::string_view, 4> kGivenNames = {"vcek.der", "vlek.der", "chain.pem", "crl.der"};

// Certificates or a CRL in PEM or DER, or a THIM document.
bool LooksLikeEndorsements(std::string_view text) {
  return text.starts_with('\x30') || text.find("-----BEGIN ") != std::string_view::npos ||
         text.find("\"vcekCert\"") != std::string_view::npos;
}

std::optional<amd::Hint> HintIn(const std::filesystem::path& path, std::string_view text) {
  Bytes bytes = FromTextForm(text);
  if (!LooksLikeEndorsements(AsText(bytes))) return std::nullopt;
  return amd::Hint{path.filename().string(), std::move(bytes)};
}

// The other files of a directory, in the order of their names, by what is in them: tools name them as they like.
Result<std::vector<amd::Hint>> HintsIn(const std::filesystem::path& directory) {
  std::set<std::filesystem::path> paths;
  std::error_code error;
  for (auto it = std::filesystem::directory_iterator(directory, error);
       !error && it != std::filesystem::directory_iterator(); it.increment(error)) {
    const std::string name = it->path().filename().string();
    std::error_code ignored;  // what cannot be looked at is no file for us
    const bool small = it->is_regular_file(ignored) && it->file_size(ignored) <= kMaxHintBytes;
    if (small && std::ranges::find(kGivenNames, name) == kGivenNames.end()) paths.insert(it->path());
  }
  std::vector<amd::Hint> hints;
  for (const auto& path : paths) {
    TRY_ASSIGN(const std::string text, ReadFile(path.string(), kMaxHintBytes));
    if (auto hint = HintIn(path, text)) hints.push_back(*std::move(hint));
  }
  return hints;
}

Result<amd::EndorsementSet> EndorsementsIn(const std::filesystem::path& directory) {
  amd::EndorsementSet set;
  for (const std::string_view name : kGivenNames) {
    TRY_ASSIGN(const Bytes bytes, BytesIn(directory, name));
    if (!bytes.empty()) TRY(AddEndorsement(bytes, set));
  }
  TRY_ASSIGN(set.hints, HintsIn(directory));
  return set;
}

Result<AmdFiles> ReadEndorsementFile(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxHintBytes));
  auto hint = HintIn(path, text);
  if (!hint) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(path, ": neither a directory, nor certificates, nor a THIM document")};
  }
  AmdFiles files;
  files.endorsements.hints.push_back(*std::move(hint));
  return files;
}

Result<std::optional<amd::TpmQuote>> TpmQuoteIn(const std::filesystem::path& directory) {
  TRY_ASSIGN(Bytes message, BytesIn(directory, "tpm_quote.msg"));
  if (message.empty()) return std::optional<amd::TpmQuote>();
  TRY_ASSIGN(Bytes signature, BytesIn(directory, "tpm_quote.sig"));
  TRY_ASSIGN(const std::string text, TextIn(directory, "tpm_pcrs.json"));
  std::optional<amd::PcrValues> pcrs;
  if (!text.empty()) {
    TRY_ASSIGN(const auto document, json::Document::Parse(text, "tpm_pcrs.json", ErrorKind::kMalformed,
                                                          Check::kCollateralMalformed));
    TRY_ASSIGN(pcrs, ReadPcrs(document->root()));
  }
  TRY_ASSIGN(amd::TpmQuote quote, amd::ParseTpmQuote(std::move(message), std::move(signature), pcrs));
  return std::optional(std::move(quote));
}

}  // namespace

Bytes FromTextForm(std::string_view text) {
  std::string digits;
  std::ranges::copy_if(text, std::back_inserter(digits),
                       [](char c) { return c != ' ' && c != '\t' && c != '\r' && c != '\n'; });
  constexpr std::string_view kPemMark = "-----";
  if (digits.size() < kShortestText || digits.find(kPemMark) != std::string::npos) return ToBytes(text);
  if (auto bytes = FromHex(digits)) return *std::move(bytes);
  auto bytes = FromBase64(digits);
  return bytes ? *std::move(bytes) : ToBytes(text);
}

Result<Bytes> ReadEvidence(const std::string& path) {
  // Hex doubles, line ends add to it.
  TRY_ASSIGN(const std::string text, ReadFile(path, 3 * kMaxEvidenceBytes));
  Bytes evidence = FromTextForm(text);
  if (evidence.size() <= kMaxEvidenceBytes) return evidence;
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat(path, ": ", evidence.size(), " bytes, at most ", kMaxEvidenceBytes, " are evidence")};
}

Result<intel::CollateralSet> ReadIntelCollateral(const std::string& path) {
  std::error_code ignored;  // what is no directory is read as a file, which says what is wrong with it
  if (std::filesystem::is_directory(path, ignored)) return ReadDirectory(path);
  TRY_ASSIGN(const std::string text, ReadFile(path, kMaxCollateralBytes));
  return ParseCollateralJson(text);
}

Result<AmdFiles> ReadAmdCollateral(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at is no directory for us
  if (!std::filesystem::is_directory(path, ignored)) return ReadEndorsementFile(path);
  AmdFiles files;
  TRY_ASSIGN(files.endorsements, EndorsementsIn(path));
  TRY_ASSIGN(Bytes td_quote, BytesIn(path, "td_quote.bin"));
  if (!td_quote.empty()) files.td_quote = std::move(td_quote);
  TRY_ASSIGN(files.tpm_quote, TpmQuoteIn(path));
  return files;
}

}  // namespace thimble
