// SPDX-License-Identifier: Apache-2.0
#include "service/verification/oe_endorsements.h"

#include <filesystem>

#include "service/support/file.h"
#include "tcb/check.h"
#include "tcb/openenclave/endorsements.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxFileBytes = 8u << 20;

// In a directory the name says what it is, in a file its bytes do.
Result<std::optional<std::string>> BufferAt(const std::string& path) {
  std::error_code ignored;  // what cannot be looked at is no directory for us
  if (fs::is_directory(path, ignored))
    return ReadFileIfThere((fs::path(path) / "endorsements.bin").string(), kMaxFileBytes);
  TRY_ASSIGN(std::string text, ReadFile(path, kMaxFileBytes));
  if (!openenclave::LooksLikeEndorsements(AsBytes(text))) return std::optional<std::string>();
  return std::optional(std::move(text));
}

}  // namespace

Result<intel::CollateralSet> ReadOeEndorsements(const json::Value& collateral) {
  const Status alone = collateral.AllowOnly({kOeEndorsements});
  if (!alone) return Error{ErrorKind::kMalformed, Check::kCollateralMalformed, alone.error().message};
  TRY_ASSIGN(const json::Value member, collateral.Get(kOeEndorsements));
  const auto text = member.String();
  const auto bytes = text ? FromBase64(*text) : std::nullopt;
  if (!bytes) return Error{ErrorKind::kMalformed, Check::kOeEndorsements, "oe_endorsements: not base64"};
  return openenclave::ParseEndorsements(*bytes);
}

Result<std::optional<intel::CollateralSet>> ReadOeEndorsementsFile(const std::string& path) {
  TRY_ASSIGN(const auto buffer, BufferAt(path));
  if (!buffer) return std::optional<intel::CollateralSet>();
  TRY_ASSIGN(intel::CollateralSet set, openenclave::ParseEndorsements(AsBytes(*buffer)));
  return std::optional(std::move(set));
}

}  // namespace thimble
