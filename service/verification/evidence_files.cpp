// SPDX-License-Identifier: Apache-2.0
#include "service/verification/evidence_files.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>

#include "service/support/file.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/input/amd_json.h"
#include "tcb/input/collateral_form.h"
#include "tcb/input/contents.h"
#include "tcb/input/text_form.h"
#include "tcb/pki/crl.h"
#include "tcb/pki/pem.h"
#include "tcb/uvm/container.h"

namespace thimble {
namespace {

constexpr size_t kMaxEvidenceBytes = 1u << 20;
constexpr size_t kMaxCollateralBytes = 8u << 20;
constexpr size_t kMaxHintBytes = 1u << 20;

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

Error InFile(const std::filesystem::path& path, const Error& error) {
  return {error.kind, error.check, StrCat(path.string(), ": ", error.message)};
}

// A file of a directory in a form that its reader takes; empty when it is not there.
Result<Bytes> FileThatFits(const std::filesystem::path& directory, std::string_view name,
                           const input::Fits& fits) {
  TRY_ASSIGN(const Bytes file, BytesIn(directory, name));
  if (file.empty()) return file;
  Bytes bytes = input::BytesThatFit(file, fits);
  if (fits(bytes)) return bytes;
  return Error{ErrorKind::kMalformed, Check::kCollateralMalformed,
               StrCat((directory / name).string(), ": ", input::Sentence(input::ContentsOf(file)))};
}

bool IsCrl(ByteView bytes) {
  const auto der = DecodeCrl(bytes, Check::kCollateralMalformed);
  return der && Crl::Parse(*der, Check::kCollateralMalformed).ok();
}
bool IsObject(ByteView bytes) { return input::Trimmed(AsText(bytes)).starts_with('{'); }
bool IsPem(ByteView bytes) { return input::IsPkiPem(AsText(bytes)); }

Result<std::string> ChainIn(const std::filesystem::path& directory, std::string_view name) {
  TRY_ASSIGN(const Bytes bytes, FileThatFits(directory, name, IsPem));
  return std::string(AsText(bytes));
}

bool IsEmpty(const intel::CollateralSet& set) {
  return set.root_ca_crl.empty() && set.pck_crl.empty() && set.tcb_info.empty() && set.qe_identity.empty() &&
         set.pck_chain.empty();
}

// All is missing, and yet something is there that is no evidence: its names are others than those that are looked for. Beside
// the HCL report of a TD, its quote may be all: with a PCK chain that the quote itself carries, by any name.
Status CheckNames(const std::filesystem::path& directory, const intel::CollateralSet& set) {
  std::error_code error;
  const std::filesystem::directory_iterator files(directory, error);
  const bool other = std::any_of(begin(files), end(files),
                                 [](const auto& entry) { return entry.path().extension() != ".bin"; });
  if (!IsEmpty(set) || error || !other || std::filesystem::exists(directory / "td_quote.bin", error))
    return {};
  return Error{
      ErrorKind::kMalformed, Check::kRequest,
      StrCat(directory.string(),
             ": none of its files has a name that is looked for beside a quote: "
             "tcb_info.json, tcb_info_chain.pem, qe_identity.json, qe_identity_chain.pem, pck_crl.der, "
             "pck_crl_chain.pem, root_ca_crl.der, pck_chain.pem")};
}

Result<intel::CollateralSet> ReadDirectory(const std::filesystem::path& directory) {
  intel::CollateralSet set;
  TRY_ASSIGN(set.root_ca_crl, FileThatFits(directory, "root_ca_crl.der", IsCrl));
  TRY_ASSIGN(set.pck_crl, FileThatFits(directory, "pck_crl.der", IsCrl));
  TRY_ASSIGN(set.tcb_info, FileThatFits(directory, "tcb_info.json", IsObject));
  TRY_ASSIGN(set.qe_identity, FileThatFits(directory, "qe_identity.json", IsObject));
  TRY_ASSIGN(set.pck_crl_issuer_chain, ChainIn(directory, "pck_crl_chain.pem"));
  TRY_ASSIGN(set.tcb_info_issuer_chain, ChainIn(directory, "tcb_info_chain.pem"));
  TRY_ASSIGN(set.qe_identity_issuer_chain, ChainIn(directory, "qe_identity_chain.pem"));
  TRY_ASSIGN(set.pck_chain, ChainIn(directory, "pck_chain.pem"));
  TRY(CheckNames(directory, set));
  return set;
}

constexpr std::array<std::string_view, 4> kGivenNames = {"vcek.der", "vlek.der", "chain.pem", "crl.der"};

// Certificates or a CRL in PEM or DER, or a THIM document.
bool IsEndorsement(ByteView bytes) {
  const std::string_view text = AsText(bytes);
  return input::LooksLikeDer(bytes) || input::IsPkiPem(text) ||
         text.find("\"vcekCert\"") != std::string_view::npos;
}

std::optional<amd::Hint> HintIn(const std::filesystem::path& path, std::string_view text) {
  Bytes bytes = input::BytesThatFit(AsBytes(text), IsEndorsement);
  if (!IsEndorsement(bytes)) return std::nullopt;
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
    TRY_ASSIGN(const Bytes file, BytesIn(directory, name));
    if (file.empty()) continue;
    const Status added = AddEndorsement(input::BytesThatFit(file, IsEndorsement), set);
    if (!added) return InFile(directory / name, added.error());
  }
  TRY_ASSIGN(set.hints, HintsIn(directory));
  return set;
}

Result<AmdFiles> ReadEndorsementFile(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadInput(path, kMaxHintBytes));
  auto hint = HintIn(path, text);
  if (!hint) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(path, ": ", input::Sentence(input::ContentsOf(AsBytes(text))),
                        ": neither certificates nor a THIM document, nor a directory with either")};
  }
  AmdFiles files;
  files.endorsements.hints.push_back(*std::move(hint));
  return files;
}

Result<std::optional<tpm::Quote>> TpmQuoteIn(const std::filesystem::path& directory) {
  TRY_ASSIGN(Bytes message, BytesIn(directory, "tpm_quote.msg"));
  if (message.empty()) return std::optional<tpm::Quote>();
  TRY_ASSIGN(Bytes signature, BytesIn(directory, "tpm_quote.sig"));
  TRY_ASSIGN(const std::string text, TextIn(directory, "tpm_pcrs.json"));
  std::optional<tpm::PcrValues> pcrs;
  if (!text.empty()) {
    TRY_ASSIGN(const auto document, json::Document::Parse(text, "tpm_pcrs.json", ErrorKind::kMalformed,
                                                          Check::kCollateralMalformed));
    TRY_ASSIGN(pcrs, ReadPcrs(document->root()));
  }
  TRY_ASSIGN(tpm::Quote quote, tpm::ParseQuote(std::move(message), std::move(signature), pcrs));
  return std::optional(std::move(quote));
}

// As files of a security context are: in base64 where the name says so.
Result<Bytes> DecodedByName(const std::string& path, const std::string& text) {
  if (!path.ends_with("-base64")) return ToBytes(text);
  auto decoded = FromBase64(input::Trimmed(text));
  if (decoded) return *std::move(decoded);
  return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, StrCat(path, ": is no base64")};
}

// The first of these that is there. One that is empty is there.
Result<std::optional<Bytes>> FirstOf(const std::filesystem::path& directory,
                                     std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    TRY_ASSIGN(const auto text, ReadFileIfThere((directory / name).string(), kMaxCollateralBytes));
    if (!text) continue;
    TRY_ASSIGN(Bytes bytes, DecodedByName((directory / name).string(), *text));
    return std::optional(std::move(bytes));
  }
  return std::optional<Bytes>();
}

}  // namespace

Result<std::string> ReadInput(const std::string& path, size_t limit) {
  return ReadFile(path == "-" ? "/dev/stdin" : path, limit);
}

Result<input::Evidence> ReadEvidence(const std::string& path) {
  TRY_ASSIGN(const std::string text, ReadEvidenceText(path));
  return EvidenceIn(path, text);
}

Result<std::string> ReadEvidenceText(const std::string& path) {
  return ReadInput(path, 6 * kMaxEvidenceBytes);  // a list of bytes has five characters for each
}

Result<input::Evidence> EvidenceIn(const std::string& path, std::string_view text) {
  auto evidence = input::DecodeEvidence(AsBytes(text));
  if (!evidence) return InFile(path, evidence.error());
  if (evidence->bytes.size() <= kMaxEvidenceBytes) return evidence;
  return Error{
      ErrorKind::kMalformed, Check::kRequest,
      StrCat(path, ": ", evidence->bytes.size(), " bytes, at most ", kMaxEvidenceBytes, " are evidence")};
}

Result<intel::CollateralSet> ReadIntelCollateral(const std::string& path) {
  std::error_code ignored;  // what is no directory is read as a file, which says what is wrong with it
  if (std::filesystem::is_directory(path, ignored)) return ReadDirectory(path);
  TRY_ASSIGN(const std::string text, ReadInput(path, kMaxCollateralBytes));
  auto set = input::ParseCollateralJson(AsBytes(text));
  if (!set) return InFile(path, set.error());
  return set;
}

Result<AmdFiles> ReadAmdCollateral(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at is no directory for us
  if (!std::filesystem::is_directory(path, ignored)) return ReadEndorsementFile(path);
  AmdFiles files;
  TRY_ASSIGN(files.endorsements, EndorsementsIn(path));
  TRY_ASSIGN(Bytes td_quote, BytesIn(path, "td_quote.bin"));
  if (!td_quote.empty()) files.td_quote = std::move(td_quote);
  TRY_ASSIGN(files.tpm_quote, TpmQuoteIn(path));
  TRY_ASSIGN(files.uvm_endorsement, FirstOf(path, {"transparent-reference-info-base64",
                                                   "reference-info-base64", "reference-info.cose"}));
  TRY_ASSIGN(files.security_policy, FirstOf(path, {"security-policy-base64", "security-policy.rego"}));
  return files;
}

Result<std::optional<Bytes>> ReadUvmEndorsementFile(const std::optional<std::string>& path) {
  if (!path) return std::optional<Bytes>();
  TRY_ASSIGN(const std::string text, ReadInput(*path, 2 * uvm::kMaxEndorsement));
  if (uvm::LooksLikeEndorsement(AsBytes(text))) return std::optional(ToBytes(text));
  auto decoded = FromBase64(input::Trimmed(text));
  if (decoded) return decoded;
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat(*path, ": is neither a COSE_Sign1 nor base64 of one")};
}

Result<std::optional<Bytes>> ReadSecurityPolicyFile(const std::optional<std::string>& path) {
  if (!path) return std::optional<Bytes>();
  TRY_ASSIGN(const std::string text, ReadInput(*path, 2 * uvm::kMaxSecurityPolicy));
  TRY_ASSIGN(Bytes policy, DecodedByName(*path, text));
  return std::optional(std::move(policy));
}

}  // namespace thimble
