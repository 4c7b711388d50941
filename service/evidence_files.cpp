// SPDX-License-Identifier: Apache-2.0
#include "service/evidence_files.h"

#include <filesystem>

#include "service/collateral_json.h"
#include "service/file.h"

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

}  // namespace thimble
