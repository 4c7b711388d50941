// SPDX-License-Identifier: Apache-2.0
#include "tcb/cose/sign1.h"

#include <array>

#include "tcb/base/text.h"

namespace thimble::cose {
namespace {

struct Row {
  Algorithm algorithm;
  std::string_view name;
  SignatureAlgorithm signature;
  std::optional<Curve> curve;  // nullopt: RSASSA-PSS
};
constexpr std::array<Row, 6> kAlgorithms = {{
    {Algorithm::kEs256, "ES256", SignatureAlgorithm::kEcdsaSha256, Curve::kP256},
    {Algorithm::kEs384, "ES384", SignatureAlgorithm::kEcdsaSha384, Curve::kP384},
    {Algorithm::kEs512, "ES512", SignatureAlgorithm::kEcdsaSha512, Curve::kP521},
    {Algorithm::kPs256, "PS256", SignatureAlgorithm::kRsaPssSha256, std::nullopt},
    {Algorithm::kPs384, "PS384", SignatureAlgorithm::kRsaPssSha384, std::nullopt},
    {Algorithm::kPs512, "PS512", SignatureAlgorithm::kRsaPssSha512, std::nullopt},
}};

const Row& RowOf(Algorithm algorithm) {
  for (const Row& row : kAlgorithms) {
    if (row.algorithm == algorithm) return row;
  }
  return kAlgorithms.front();
}

}  // namespace

Result<Sign1> ParseSign1(ByteView input, std::string_view what, Check check) {
  const auto malformed = [&](std::string_view problem) {
    return Error{ErrorKind::kMalformed, check, StrCat(what, ": ", problem)};
  };
  TRY_ASSIGN(const cbor::Value whole, cbor::Parse(input, what, check));
  const cbor::Value* const tagged = whole.Tagged(cbor::kTagCoseSign1);
  const auto* const parts = tagged != nullptr ? tagged->Array() : nullptr;
  if (parts == nullptr || parts->size() != 4) return malformed("is no COSE_Sign1 with tag 18");
  Sign1 out;
  const auto header = parts->at(0).Bytes();
  const auto signature = parts->at(3).Bytes();
  const cbor::Value& payload = parts->at(2);
  if (!header || !signature || parts->at(1).Map() == nullptr || (!payload.IsNull() && !payload.Bytes()))
    return malformed("the four parts of COSE_Sign1 are not bytes, a map, bytes or null, and bytes");
  TRY_ASSIGN(out.protected_header, cbor::Parse(*header, StrCat(what, ", protected header"), check));
  if (out.protected_header.Map() == nullptr) return malformed("the protected header is no map");
  out.protected_bytes = *header;
  out.unprotected_header = parts->at(1);
  out.payload = payload.Bytes();
  out.signature = *signature;
  return out;
}

std::optional<Algorithm> AlgorithmFrom(int64_t number) {
  for (const Row& row : kAlgorithms) {
    if (static_cast<int64_t>(row.algorithm) == number) return row.algorithm;
  }
  return std::nullopt;
}

std::string_view AlgorithmName(Algorithm algorithm) { return RowOf(algorithm).name; }

bool KeyFits(Algorithm algorithm, const PublicKey& key) {
  const auto& curve = RowOf(algorithm).curve;
  const auto* const ec = std::get_if<EcPublicKey>(&key);
  return curve ? ec != nullptr && ec->curve() == *curve : ec == nullptr;
}

bool SignatureHolds(const Sign1& message, ByteView payload, Algorithm algorithm, const PublicKey& key) {
  if (!KeyFits(algorithm, key)) return false;
  Bytes signed_bytes;  // Sig_structure (RFC 9052 section 4.4)
  cbor::Writer(&signed_bytes)
      .Array(4)
      .Text("Signature1")
      .Bytes(message.protected_bytes)
      .Bytes({})
      .Bytes(payload);
  return VerifySignature(key, RowOf(algorithm).signature, signed_bytes, message.signature, EcdsaForm::kRaw);
}

}  // namespace thimble::cose
