// SPDX-License-Identifier: Apache-2.0
//
// The result of a verification for people: what was decided, why, and what would change it.
#pragma once

#include <string>
#include <string_view>

#include "service/support/terminal.h"
#include "tcb/base/result.h"

namespace thimble {

// `result_json` is the JSON of RenderResult(), made here or by a server.
Result<Lines> ExplainResult(std::string_view result_json);

}  // namespace thimble
