// SPDX-License-Identifier: Apache-2.0
#include "tcb/openenclave/claims.h"

#include "tcb/base/byte_reader.h"

namespace thimble::openenclave {
namespace {

constexpr uint64_t kSerialisedVersion = 1;
constexpr size_t kSizesOfOne = 16;

// Name and value; the name's size counts its NUL.
std::optional<CustomClaim> ReadClaim(ByteReader& reader) {
  const auto name_size = reader.U64(), value_size = reader.U64();
  if (!name_size || !value_size) return std::nullopt;
  const auto name = reader.Take(*name_size), value = reader.Take(*value_size);
  if (!name || !value || name->empty() || name->back() != 0) return std::nullopt;
  return CustomClaim{std::string(AsText(name->first(name->size() - 1))), Bytes(value->begin(), value->end())};
}

}  // namespace

std::string_view FormatName(Format format) {
  switch (format) {
    case Format::kReport:
      return "oe_report";
    case Format::kEvidence:
      return "oe_evidence";
    case Format::kPluginEvidence:
      return "oe_plugin_evidence";
    case Format::kCertificate:
      return "oe_certificate";
  }
  return "";
}

std::optional<std::vector<CustomClaim>> ParseCustomClaims(ByteView buffer) {
  ByteReader reader(buffer);
  const auto version = reader.U64(), count = reader.U64();
  if (!version || !count || *version != kSerialisedVersion) return std::nullopt;
  if (*count > reader.remaining() / kSizesOfOne) return std::nullopt;
  std::vector<CustomClaim> claims;
  for (uint64_t i = 0; i < *count; ++i) {
    auto claim = ReadClaim(reader);
    if (!claim) return std::nullopt;
    claims.push_back(*std::move(claim));
  }
  if (reader.remaining() != 0) return std::nullopt;
  return claims;
}

}  // namespace thimble::openenclave
