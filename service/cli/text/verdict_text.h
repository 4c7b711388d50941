// SPDX-License-Identifier: Apache-2.0
//
// A verdict for a person: the decision with its cause in the first line, then why, what mends it, and what it rests on.
// One cause is one line: what follows from it is counted, not told.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/support/terminal_style.h"
#include "tcb/base/result.h"

namespace thimble {

// `result_json`: of RenderResult(), made here or by a server. `judge`: who judged, "this process" or "the server at ...".
Result<std::vector<StyledLine>> VerdictText(std::string_view result_json, const std::string& judge);

}  // namespace thimble
