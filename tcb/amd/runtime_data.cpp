// SPDX-License-Identifier: Apache-2.0
#include "tcb/amd/runtime_data.h"

#include <algorithm>
#include <utility>

#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::amd {
namespace {

constexpr int kMaxRuntimeDataDepth = 8;

Error Malformed(std::string_view what) {
  return {ErrorKind::kMalformed, Check::kHclFormat, StrCat("HCL report: ", what)};
}

// A base64url member of a JSON Web Key.
Result<Bytes> KeyNumber(const json::Value& key, std::string_view name) {
  TRY_ASSIGN(const json::Value member, key.Get(name));
  TRY_ASSIGN(const std::string_view text, member.String());
  auto bytes = FromBase64(text);
  if (!bytes) return Malformed(StrCat("HCLAkPub: \"", name, "\" is not base64url"));
  while (!bytes->empty() && bytes->front() == 0) bytes->erase(bytes->begin());
  if (bytes->empty()) return Malformed(StrCat("HCLAkPub: \"", name, "\" is zero"));
  return *std::move(bytes);
}

// A coordinate: of fixed length, which some writers shorten.
Result<Bytes> Coordinate(const json::Value& key, std::string_view name, size_t size) {
  TRY_ASSIGN(const Bytes number, KeyNumber(key, name));
  if (number.size() > size)
    return Malformed(StrCat("HCLAkPub: \"", name, "\" has ", number.size(), " bytes"));
  Bytes out(size - number.size());
  out.insert(out.end(), number.begin(), number.end());
  return out;
}

Status ReadRsaKey(const json::Value& key, HclClaims& claims) {
  TRY_ASSIGN(claims.ak_modulus, KeyNumber(key, "n"));
  TRY_ASSIGN(claims.ak_exponent, KeyNumber(key, "e"));
  claims.ak_modulus_sha256 = Sha256(claims.ak_modulus);
  return {};
}

Status ReadEcKey(const json::Value& key, HclClaims& claims) {
  TRY_ASSIGN(const json::Value member, key.Get("crv"));
  TRY_ASSIGN(const std::string_view curve, member.String());
  if (curve != "P-256" && curve != "P-384") {
    return Malformed(StrCat("HCLAkPub: \"crv\" is ", curve, ", expected P-256 or P-384"));
  }
  const size_t size = curve == "P-256" ? 32 : 48;
  TRY_ASSIGN(claims.ak_point, Coordinate(key, "x", size));
  TRY_ASSIGN(const Bytes y, Coordinate(key, "y", size));
  claims.ak_point.insert(claims.ak_point.end(), y.begin(), y.end());
  return {};
}

// The one key of this name. Old reports give it "key_ops" of an encryption key, so those are not asked.
Status ReadAttestationKey(const json::Value& root, HclClaims& claims) {
  TRY_ASSIGN(const json::Value keys, root.Get("keys"));
  TRY_ASSIGN(const auto elements, keys.Array());
  std::optional<json::Value> found;
  for (const json::Value& key : elements) {
    TRY_ASSIGN(const json::Value kid, key.Get("kid"));
    TRY_ASSIGN(const std::string_view name, kid.String());
    if (name != "HCLAkPub") continue;
    if (found) return Malformed("two keys HCLAkPub");
    found = key;
  }
  if (!found) return Malformed("no key HCLAkPub");
  TRY_ASSIGN(const json::Value kty, found->Get("kty"));
  TRY_ASSIGN(const std::string_view type, kty.String());
  if (type == "RSA") return ReadRsaKey(*found, claims);
  if (type == "EC") return ReadEcKey(*found, claims);
  return Malformed(StrCat("HCLAkPub: \"kty\" is ", type, ", expected RSA or EC"));
}

// What policies have rules on. A member of another type makes no claim; those that are not known are ignored, for newer
// paravisors write more.
void ReadVmConfiguration(const json::Value& root, HclClaims& claims) {
  const auto configuration = root.Find("vm-configuration");
  if (!configuration) return;
  const auto members = configuration->Members();
  if (!members) return;
  for (const auto& [name, value] : *members) {
    if (const auto flag = value.Bool()) claims.vm_configuration.emplace(name, *flag);
  }
  const auto id = configuration->Find("vmUniqueId");
  const auto text = id ? id->String() : Result<std::string_view>(Error{});
  if (text) claims.vm_unique_id = std::string(*text);
}

// Results carry the runtime data inside their own JSON, and readers bound how deep that may be.
bool IsDeeper(const json::Value& value, int levels) {
  const auto deeper = [levels](const json::Value& inner) {
    return levels == 0 || IsDeeper(inner, levels - 1);
  };
  if (const auto elements = value.Array()) return std::ranges::any_of(*elements, deeper);
  const auto members = value.Members();
  return members && std::ranges::any_of(*members, [&](const auto& member) { return deeper(member.second); });
}

}  // namespace

Status ReadRuntimeData(ByteView runtime_data, HclClaims& claims) {
  claims.runtime_data = std::string(AsText(runtime_data));
  claims.runtime_data_sha256 = Sha256(runtime_data);
  TRY_ASSIGN(const auto document, json::Document::Parse(claims.runtime_data, "HCL runtime data",
                                                        ErrorKind::kMalformed, Check::kHclFormat));
  if (IsDeeper(document->root(), kMaxRuntimeDataDepth)) {
    return Malformed(StrCat("runtime data nested deeper than ", kMaxRuntimeDataDepth));
  }
  TRY(ReadAttestationKey(document->root(), claims));
  ReadVmConfiguration(document->root(), claims);
  const auto user_data = document->root().Find("user-data");
  if (!user_data) return {};
  TRY_ASSIGN(const std::string_view text, user_data->String());
  const auto bytes = FromHex(text);
  if (!bytes) return Malformed("\"user-data\" is not hex");
  claims.runtime_user_data = HexLower(*bytes);
  return {};
}

}  // namespace thimble::amd
