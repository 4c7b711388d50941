// SPDX-License-Identifier: Apache-2.0
#include "service/results/result_key_files.h"

#include "service/results/jwt.h"
#include "service/support/file.h"
#include "service/support/randomness.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/pki/pem.h"

namespace thimble {
namespace {

constexpr size_t kMaxKeyFile = 16'384, kMaxRetiredFile = 1 << 20;
constexpr mode_t kPrivate = 0600, kPublic = 0644;
constexpr std::string_view kLabel = "EC PRIVATE KEY", kWhat = "result key", kRetired = "retired result keys";

std::string RetiredPath(const std::string& path) { return path + ".retired.json"; }

Error Failure(std::string_view what, const std::string& path, std::string_view why) {
  return {ErrorKind::kInternal, Check::kStoreIo, StrCat(what, " ", path, ": ", why)};
}

Result<EcSigningKey> ParseKey(std::string_view text, const std::string& path) {
  for (const std::string_view label : {kLabel, std::string_view("PRIVATE KEY")}) {
    const auto ders = DecodePem(text, label, 1, Check::kStoreIo);
    if (!ders.ok() || ders->size() != 1) continue;
    if (auto key = EcSigningKey::FromDer(ders->front())) return *std::move(key);
  }
  return Failure(kWhat, path, "not a P-256 key in PEM");
}

Result<RetiredKey> ReadRetiredKey(const json::Value& entry) {
  RetiredKey key;
  TRY_ASSIGN(key.point, ReadPoint(entry));
  TRY_ASSIGN(const json::Value until, entry.Get("until"));
  TRY_ASSIGN(const std::string_view text, until.String());
  const auto at = ParseRfc3339(text);
  if (!at || !EcPublicKey::FromPoint(Curve::kP256, key.point))
    return Error{ErrorKind::kInternal, Check::kStoreIo, "a retired key is none"};
  key.until = *at;
  return key;
}

// Of all that counts of the retired keys: a flipped digit of a time would be a time all the same.
std::string DigestOf(const std::vector<RetiredKey>& keys) {
  std::string text;
  for (const RetiredKey& key : keys)
    text += StrCat(ThumbprintOf(key.point), " ", FormatRfc3339(key.until), "\n");
  return Sha256(AsBytes(text)).hex();
}

Result<std::vector<RetiredKey>> ParseRetired(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, kRetired, ErrorKind::kInternal, Check::kStoreIo));
  TRY_ASSIGN(const json::Value list, document->root().Get("keys"));
  TRY_ASSIGN(const auto entries, list.Array());
  std::vector<RetiredKey> keys;
  for (const json::Value& entry : entries) {
    TRY_ASSIGN(RetiredKey key, ReadRetiredKey(entry));
    keys.push_back(std::move(key));
  }
  TRY_ASSIGN(const std::string_view digest, document->root().GetString("sha256"));
  if (digest != DigestOf(keys))
    return Error{ErrorKind::kInternal, Check::kStoreIo,
                 "it is not as it was written: put a backup in its place"};
  return keys;
}

Result<std::vector<RetiredKey>> ReadRetired(const std::string& path) {
  TRY(CheckOnlyOurs(path, kRetired, OthersMay::kRead));
  TRY_ASSIGN(const auto text, ReadFileIfThere(path, kMaxRetiredFile));
  if (!text) return std::vector<RetiredKey>();
  auto keys = ParseRetired(*text);
  if (!keys) return Failure(kRetired, path, keys.error().message);
  return keys;
}

std::string RetiredJson(const std::vector<RetiredKey>& keys) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("keys").BeginArray();
  for (const RetiredKey& key : keys) {
    json.BeginObject();
    json.Key("kid").String(ThumbprintOf(key.point));
    WriteCoordinates(json, key.point);
    json.Key("until").String(FormatRfc3339(key.until));
    json.EndObject();
  }
  json.EndArray();
  json.Key("sha256").String(DigestOf(keys));
  json.EndObject();
  return out;
}

}  // namespace

EcSigningKey MakeResultKey() {
  while (true) {  // one number in 2^32 is not in the range
    if (auto key = EcSigningKey::FromScalar(RandomBytes(32))) return *std::move(key);
  }
}

Result<ResultKeys> OpenResultKeys(const std::string& path) {
  TRY(CheckOnlyOurs(path, kWhat, OthersMay::kNothing));
  TRY_ASSIGN(std::vector<RetiredKey> retired, ReadRetired(RetiredPath(path)));
  TRY_ASSIGN(const auto text, ReadFileIfThere(path, kMaxKeyFile));
  if (!text) {
    ResultKeys keys{MakeResultKey(), std::move(retired)};
    TRY(WriteResultKeys(path, keys));
    return keys;
  }
  TRY_ASSIGN(EcSigningKey key, ParseKey(*text, path));
  return ResultKeys{std::move(key), std::move(retired)};
}

Status WriteResultKeys(const std::string& path, const ResultKeys& keys) {
  if (!keys.retired.empty()) TRY(ReplaceFile(RetiredPath(path), RetiredJson(keys.retired), kPublic));
  return ReplaceFile(path, EncodePem(keys.current.ToDer(), kLabel), kPrivate);
}

}  // namespace thimble
