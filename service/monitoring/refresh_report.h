// SPDX-License-Identifier: Apache-2.0
//
// What a refresh pass did, as JSON and as text: the same for `thimble refresh` and POST /v1/refresh.
#pragma once

#include <string>
#include <string_view>

#include "cache/refresher.h"
#include "service/support/terminal.h"
#include "tcb/base/result.h"

namespace thimble {

// {"at": ..., "complete": false, "renewed": 49, "kept": 0, "failed": 1, "not_due": 3, "items": [{"item", "outcome",
// "reason", "stale"}]}; reason is absent for what was renewed.
std::string RefreshJson(const RefreshReport& report);
// Unavailable (upstream.answer) when it is not that JSON: it comes from a server.
Result<RefreshReport> ParseRefreshJson(std::string_view json);
Lines RefreshText(const RefreshReport& report);

}  // namespace thimble
