// SPDX-License-Identifier: Apache-2.0
//
// JSON Web Tokens with ES256 (RFC 7519, RFC 7515, RFC 7518), and the set of keys that they are verified by (RFC 7517).
// Nothing but ES256 is signed or accepted, and no token brings its own key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/crypto.h"
#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/base/signing_key.h"

namespace thimble {

// `typ` of the tokens that are signed and accepted here (RFC 9782): a token made for something else is none of them,
// though the same key has signed it (RFC 8725 section 3.11).
inline constexpr std::string_view kTokenType = "eat+jwt";

struct Jwk {
  std::string kid;
  EcPublicKey key;
};

// A point of P-256 is X || Y, 64 bytes.
// RFC 7638: base64url of the SHA-256 of the key's required members.
std::string ThumbprintOf(ByteView point);
// {"keys": [...]}
std::string JwksJson(const std::vector<Bytes>& points);
// Its members "x" and "y" alone, into an open object.
void WriteCoordinates(json::Writer& json, ByteView point);
// The point of an object with those. Errors: kMalformed (evidence.format).
Result<Bytes> ReadPoint(const json::Value& jwk);
// Errors: kMalformed (request.invalid). Keys of other kinds and uses are passed over.
Result<std::vector<Jwk>> ParseJwks(std::string_view text);

// "header.payload.signature". `claims` is a JSON object. Errors: kInternal, when the library cannot sign.
Result<std::string> SignJwt(const EcSigningKey& key, std::string_view claims);
// The claims. Errors: kMalformed (evidence.format) for what is no token, kRejected (signing_chain.untrusted) for another
// algorithm or type, critical extensions, a key that is not in the set, a signature that does not hold.
Result<std::string> VerifyJwt(std::string_view token, const std::vector<Jwk>& keys);

}  // namespace thimble
