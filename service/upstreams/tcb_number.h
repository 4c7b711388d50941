// SPDX-License-Identifier: Apache-2.0
//
// AMD's TCB_VERSION as Azure writes it: the eight bytes as a little endian number, in hex (spec/azure-thim.md section 1).
// Upper case: a client of Azure's compares it letter for letter.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "tcb/amd/claims.h"

namespace thimble {

std::string TcbNumber(const amd::TcbVersion& tcb);  // 16 digits
// At most 16 digits of either case; leading zeros may be missing.
std::optional<std::array<uint8_t, 8>> ParseTcbNumber(std::string_view text);

}  // namespace thimble
