// SPDX-License-Identifier: Apache-2.0
//
// Why a client gets nothing, where the body cannot say it: X-Thimble-Cause has its name, that of the failed check
// (tcb/check.h), and X-Thimble-Detail the facts.
#pragma once

#include <string_view>

#include "service/http/types.h"

namespace thimble::http {

inline constexpr std::string_view kCauseHeader = "X-Thimble-Cause", kDetailHeader = "X-Thimble-Detail";

// `detail` may quote what came from anywhere: what is no printable ASCII becomes '?', and what is long is cut.
void AddCause(Response& response, std::string_view cause, std::string_view detail = {});

}  // namespace thimble::http
