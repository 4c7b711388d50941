// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/kds_store.h"

#include <algorithm>
#include <filesystem>

#include "service/support/file.h"
#include "tcb/amd/endorsement.h"
#include "tcb/base/ascii.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxCertificate = 64u << 10;
constexpr std::string_view kUnnamed = "vcek.der", kEnding = "_vcek.der";

Error Refused(std::string message) {
  return {ErrorKind::kRejected, Check::kCollateralMismatch, std::move(message)};
}

// The entries of a directory in the order of their names. What cannot be listed is empty.
std::vector<fs::path> EntriesOf(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (auto it = fs::directory_iterator(directory, error); !error && it != fs::directory_iterator();
       it.increment(error)) {
    entries.push_back(it->path());
  }
  std::sort(entries.begin(), entries.end());
  return entries;
}

// What the certificate says that it is for.
Result<VcekKey> KeyOf(ByteView der) {
  TRY_ASSIGN(const CertificatePtr leaf, Certificate::Parse(der, Check::kCollateralMalformed));
  TRY_ASSIGN(const amd::Endorsement endorsement, amd::ParseEndorsement(*leaf, Check::kCollateralMalformed));
  if (!endorsement.product) {
    return Refused(StrCat("productName \"", endorsement.product_name, "\" is of no supported product"));
  }
  return VcekKey{*endorsement.product, endorsement.hwid, amd::TcbOf(endorsement, *endorsement.product)};
}

// The name of the file is that of the key, but for its separators; one that names no TCB stands for any.
Status CheckPath(const fs::path& path, const VcekKey& key) {
  const std::string chip = path.parent_path().filename().string(), file = path.filename().string();
  if (LowerCase(chip) != HexLower(key.hwid))
    return Refused(StrCat("certificate of chip ", HexLower(key.hwid)));
  if (file == kUnnamed) return {};
  std::string tcb = file.substr(0, file.size() - kEnding.size());
  std::replace(tcb.begin(), tcb.end(), '_', '-');
  const std::string name = KeyName(CollateralKey(key));
  const auto named = ParseKeyName(StrCat(name.substr(0, name.rfind('/') + 1), tcb));
  if (named == CollateralKey(key)) return {};
  return Refused(StrCat("certificate of TCB ", name.substr(name.rfind('/') + 1)));
}

Result<StoredVcek> Read(const fs::path& path) {
  TRY_ASSIGN(const std::string text, ReadFile(path.string(), kMaxCertificate));
  TRY_ASSIGN(auto ders, DecodeCertificates(AsBytes(text), 1, Check::kCollateralMalformed));
  if (ders.empty()) return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, "no certificate"};
  TRY_ASSIGN(VcekKey key, KeyOf(ders.front()));
  TRY(CheckPath(path, key));
  return StoredVcek{path.string(), std::move(key), std::move(ders.front())};
}

}  // namespace

Result<KdsStore> ReadKdsStore(const std::string& directory) {
  const fs::path chips = fs::path(directory) / "vcek";
  std::error_code ignored;  // what cannot be looked at is no store for us
  if (!fs::is_directory(chips, ignored)) {
    return Error{ErrorKind::kMalformed, Check::kRequest, StrCat(chips.string(), ": no such directory")};
  }
  KdsStore store;
  for (const fs::path& chip : EntriesOf(chips)) {
    for (const fs::path& path : EntriesOf(chip)) {
      const std::string file = path.filename().string();
      if (file != kUnnamed && !file.ends_with(kEnding)) continue;
      auto vcek = Read(path);
      if (vcek) {
        store.vceks.push_back(*std::move(vcek));
      } else {
        store.refused.emplace_back(path.string(), std::move(vcek).error());
      }
    }
  }
  return store;
}

}  // namespace thimble
