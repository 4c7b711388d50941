// SPDX-License-Identifier: Apache-2.0
#include "service/results/jwt.h"

#include <algorithm>

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kCoordinate = 32;

Error Malformed(std::string message) {
  return {ErrorKind::kMalformed, Check::kEvidenceFormat, StrCat("token: ", message)};
}
Error Rejected(std::string message) {
  return {ErrorKind::kRejected, Check::kSigningChainUntrusted, StrCat("token: ", message)};
}

std::string X(ByteView point) { return Base64Url(point.subspan(0, kCoordinate)); }
std::string Y(ByteView point) { return Base64Url(point.subspan(kCoordinate)); }

bool Says(const json::Value& object, std::string_view name, std::string_view wanted) {
  const auto text = object.GetString(name);
  return text.ok() && *text == wanted;
}

// A media type without "application/", as RFC 7515 section 4.1.9 recommends, or with it; letter case means nothing.
bool IsOurType(const json::Value& header) {
  const auto type = header.GetString("typ");
  if (!type) return false;
  std::string name(*type);
  for (char& c : name) c = static_cast<char>(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
  return name == kTokenType || name == StrCat("application/", kTokenType);
}

Result<Jwk> ReadKey(const json::Value& object) {
  TRY_ASSIGN(const Bytes point, ReadPoint(object));
  auto key = EcPublicKey::FromPoint(Curve::kP256, point);
  if (!key) return Malformed("key: not a point of P-256");
  TRY_ASSIGN(const std::string_view kid, object.GetString("kid"));
  return Jwk{std::string(kid), *std::move(key)};
}

// The three parts, each decoded, and what the signature is over.
struct Parts {
  std::string header, claims;
  Bytes signature;
  std::string_view signed_text;
};

Result<Parts> Split(std::string_view token) {
  const size_t first = token.find('.'), second = token.find('.', first + 1);
  if (first == std::string_view::npos || second == std::string_view::npos)
    return Malformed("not of three parts");
  const auto header = FromBase64(token.substr(0, first));
  const auto claims = FromBase64(token.substr(first + 1, second - first - 1));
  auto signature = FromBase64(token.substr(second + 1));
  if (!header || !claims || !signature) return Malformed("a part is not base64url");
  return Parts{std::string(AsText(*header)), std::string(AsText(*claims)), *std::move(signature),
               token.substr(0, second)};
}

}  // namespace

std::string ThumbprintOf(ByteView point) {
  const std::string members =
      StrCat("{\"crv\":\"P-256\",\"kty\":\"EC\",\"x\":\"", X(point), "\",\"y\":\"", Y(point), "\"}");
  return Base64Url(Sha256(AsBytes(members)).view());
}

void WriteCoordinates(json::Writer& json, ByteView point) {
  json.Key("x").String(X(point));
  json.Key("y").String(Y(point));
}

Result<Bytes> ReadPoint(const json::Value& jwk) {
  Bytes point;
  for (const std::string_view name : {"x", "y"}) {
    TRY_ASSIGN(const std::string_view text, jwk.GetString(name));
    const auto coordinate = FromBase64(text);
    if (!coordinate || coordinate->size() != kCoordinate)
      return Malformed(StrCat("key: ", name, " is not 32 bytes"));
    point.insert(point.end(), coordinate->begin(), coordinate->end());
  }
  return point;
}

std::string JwksJson(const std::vector<Bytes>& points) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject();
  json.Key("keys").BeginArray();
  for (const Bytes& point : points) {
    json.BeginObject();
    json.Key("kty").String("EC");
    json.Key("crv").String("P-256");
    WriteCoordinates(json, point);
    json.Key("alg").String("ES256");
    json.Key("use").String("sig");
    json.Key("kid").String(ThumbprintOf(point));
    json.EndObject();
  }
  json.EndArray();
  json.EndObject();
  return out;
}

Result<std::vector<Jwk>> ParseJwks(std::string_view text) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(text, "JWKS", ErrorKind::kMalformed, Check::kRequest));
  TRY_ASSIGN(const json::Value list, document->root().Get("keys"));
  TRY_ASSIGN(const auto entries, list.Array());
  std::vector<Jwk> keys;
  for (const json::Value& entry : entries) {
    const bool ours = Says(entry, "kty", "EC") && Says(entry, "crv", "P-256") &&
                      (!entry.Find("use") || Says(entry, "use", "sig")) &&
                      (!entry.Find("alg") || Says(entry, "alg", "ES256"));
    if (!ours) continue;
    TRY_ASSIGN(Jwk key, ReadKey(entry));
    keys.push_back(std::move(key));
  }
  return keys;
}

Result<std::string> SignJwt(const EcSigningKey& key, std::string_view claims) {
  const std::string header =
      StrCat("{\"alg\":\"ES256\",\"typ\":\"", kTokenType, "\",\"kid\":\"", ThumbprintOf(key.point()), "\"}");
  std::string token = StrCat(Base64Url(AsBytes(header)), ".", Base64Url(AsBytes(claims)));
  const Bytes signature = key.Sign(AsBytes(token));
  if (signature.empty())
    return Error{ErrorKind::kInternal, Check::kSigningChainUntrusted, "the token cannot be signed"};
  token += StrCat(".", Base64Url(signature));
  return token;
}

Result<std::string> VerifyJwt(std::string_view token, const std::vector<Jwk>& keys) {
  TRY_ASSIGN(Parts parts, Split(token));
  TRY_ASSIGN(const auto header, json::Document::Parse(parts.header, "token header", ErrorKind::kMalformed,
                                                      Check::kEvidenceFormat));
  if (!Says(header->root(), "alg", "ES256")) return Rejected("alg is not ES256");
  if (!IsOurType(header->root())) return Rejected(StrCat("typ is not ", kTokenType));
  if (header->root().Find("crit")) return Rejected("has critical extensions, and none is known");
  const auto kid = header->root().GetString("kid");
  if (!kid.ok()) return Rejected("names no key");
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const Jwk& k) { return k.kid == *kid; });
  if (key == keys.end()) return Rejected(StrCat("its key ", *kid, " is not in the set"));
  if (!key->key.VerifyRaw(AsBytes(parts.signed_text), parts.signature))
    return Rejected(StrCat("its signature does not hold under ", *kid));
  return std::move(parts.claims);
}

}  // namespace thimble
