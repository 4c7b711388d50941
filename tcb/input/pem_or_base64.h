// SPDX-License-Identifier: Apache-2.0
//
// A member of JSON that is PEM as it is, or base64 of bytes. Internal to tcb/input.
#pragma once

#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble::input {

inline Result<Bytes> PemOrBase64(const json::Value& value, std::string_view name) {
  TRY_ASSIGN(const std::string_view text, value.String());
  if (text.find("-----BEGIN ") != std::string_view::npos) {
    const ByteView bytes = AsBytes(text);
    return Bytes(bytes.begin(), bytes.end());
  }
  auto bytes = FromBase64(text);
  if (bytes && !bytes->empty()) return *std::move(bytes);
  return Error{ErrorKind::kMalformed, Check::kEvidenceFormat,
               StrCat("member \"", name, "\": is neither PEM nor base64")};
}

}  // namespace thimble::input
