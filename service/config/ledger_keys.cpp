// SPDX-License-Identifier: Apache-2.0
#include "service/config/ledger_keys.h"

#include "service/support/file.h"
#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxFile = 1u << 20;

Error Wrong(const std::string& path, std::string_view problem) {
  return {ErrorKind::kMalformed, Check::kPolicyFormat, StrCat(path, ": ", problem)};
}

std::optional<Curve> CurveFrom(std::string_view name) {
  if (name == "P-256") return Curve::kP256;
  if (name == "P-384") return Curve::kP384;
  return name == "P-521" ? std::optional(Curve::kP521) : std::nullopt;
}

Result<uvm::LedgerKey> ReadKey(const json::Value& jwk) {
  TRY_ASSIGN(const std::string_view type, jwk.GetString("kty"));
  TRY_ASSIGN(const std::string_view curve_name, jwk.GetString("crv"));
  TRY_ASSIGN(const std::string_view kid, jwk.GetString("kid"));
  TRY_ASSIGN(const std::string_view x_text, jwk.GetString("x"));
  TRY_ASSIGN(const std::string_view y_text, jwk.GetString("y"));
  const auto curve = CurveFrom(curve_name);
  const auto x = FromBase64(x_text), y = FromBase64(y_text);
  uvm::LedgerKey out{.kid = std::string(kid), .point = {}};
  if (const auto issuer = jwk.Find("issuer")) {
    TRY_ASSIGN(out.ledger, issuer->String());
    if (out.ledger.empty())
      return Error{ErrorKind::kMalformed, Check::kPolicyFormat, "a key's issuer is empty"};
  }
  if (type == "EC" && curve && !kid.empty() && x && y && x->size() == CoordinateSize(*curve)) {
    out.point = *x;
    out.point.insert(out.point.end(), y->begin(), y->end());
    if (EcPublicKey::FromPoint(*curve, out.point)) return out;
  }
  return Error{ErrorKind::kMalformed, Check::kPolicyFormat,
               "a key is no point of P-256, P-384 or P-521 with a kid"};
}

}  // namespace

Result<std::vector<uvm::LedgerKey>> ReadLedgerKeys(const std::string& path) {
  const auto text = ReadFile(path, kMaxFile);
  if (!text) return Wrong(path, text.error().message);
  const auto document = json::Document::Parse(*text, "JWKS", ErrorKind::kMalformed, Check::kPolicyFormat);
  if (!document) return Wrong(path, document.error().message);
  const auto list = (*document)->root().GetArray("keys");
  if (!list) return Wrong(path, list.error().message);
  std::vector<uvm::LedgerKey> out;
  for (const json::Value& each : *list) {
    auto key = ReadKey(each);
    if (!key) return Wrong(path, key.error().message);
    out.push_back(*std::move(key));
  }
  if (out.empty()) return Wrong(path, "has no key");
  return out;
}

}  // namespace thimble
