// SPDX-License-Identifier: Apache-2.0
//
// The tokens of Intel's PCCS: headers `user-token` and `admin-token`, known here by their SHA-512 alone
// (spec/intel-pccs-api.md section 2). The Unix socket needs none.
#pragma once

#include <string_view>

#include "service/config.h"
#include "service/http_types.h"

namespace thimble {

enum class Token : uint8_t { kUser, kAdmin };

// The request bears this token, not another. Without a configured digest none is the right one.
bool HasToken(const PccsConfig& config, const http::Request& request, Token token);

}  // namespace thimble
