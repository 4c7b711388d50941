// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "service/support/terminal.h"

namespace thimble {

// "decoded: base64 of a TDX quote", on stderr; nothing of what came as it is.
inline void PrintDecoded(const std::string& decoded) {
  if (!decoded.empty()) PrintErrorLines({"decoded: " + decoded});
}

}  // namespace thimble
