// SPDX-License-Identifier: Apache-2.0
//
// Intel's signed JSON: {"<member>":{...},"signature":"<128 hex>"}. The signature is over the exact bytes of
// the member's value, so those bytes are located in the original text and never re-serialised (DCAP 3, 8.1).
#pragma once

#include <string_view>

#include "tcb/base/bytes.h"
#include "tcb/base/result.h"

namespace thimble::intel {

struct SignedJson {
  ByteView signed_bytes;  // from '{' to its matching '}', inside the input
  Bytes signature;        // r || s, 64 bytes
};

// The two members, in either order, and nothing else. Malformed (collateral.malformed) otherwise. The signed bytes are
// delimited, not yet parsed: the caller parses exactly them, as one object, and so refuses whatever else stands there.
Result<SignedJson> SplitSignedJson(ByteView body, std::string_view member);

}  // namespace thimble::intel
