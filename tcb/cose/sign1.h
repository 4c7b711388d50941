// SPDX-License-Identifier: Apache-2.0
//
// COSE_Sign1 (RFC 9052 section 4.2): one signature over a protected header and a payload, both as they were received:
// nothing is encoded again.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "tcb/base/result.h"
#include "tcb/cose/cbor.h"
#include "tcb/pki/signature.h"

namespace thimble::cose {

// Labels of the header (IANA, COSE Header Parameters).
inline constexpr int64_t kAlg = 1, kCrit = 2, kContentType = 3, kKid = 4, kCwtClaims = 15, kX5chain = 33,
                         kX5t = 34, kPayloadHashAlg = 258, kPreimageContentType = 259, kReceipts = 394,
                         kVds = 395, kVdp = 396;

// Views into what was parsed; valid as long as that.
struct Sign1 {
  ByteView protected_bytes;
  cbor::Value protected_header;     // a map; it is signed
  cbor::Value unprotected_header;   // a map; nobody vouches for it
  std::optional<ByteView> payload;  // nullopt: it is detached
  ByteView signature;
};

// With tag 18, and nothing after it. Malformed with `check`; `what` names it in messages.
Result<Sign1> ParseSign1(ByteView input, std::string_view what, Check check);

// The algorithms whose signatures are checked: RSASSA-PSS (RFC 8230) and ECDSA. Not PKCS#1 v1.5.
enum class Algorithm : int8_t {
  kEs256 = -7,
  kEs384 = -35,
  kEs512 = -36,
  kPs256 = -37,
  kPs384 = -38,
  kPs512 = -39,
};
std::optional<Algorithm> AlgorithmFrom(int64_t number);
std::string_view AlgorithmName(Algorithm algorithm);  // "PS384"

// The key is one of those that the algorithm signs with: RSA of 2048 bits or more, or the curve of its name.
bool KeyFits(Algorithm algorithm, const PublicKey& key);

// The signature over this payload holds. An ECDSA signature is r || s (RFC 9053 section 2.1).
bool SignatureHolds(const Sign1& message, ByteView payload, Algorithm algorithm, const PublicKey& key);

}  // namespace thimble::cose
