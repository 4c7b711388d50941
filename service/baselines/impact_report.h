// SPDX-License-Identifier: Apache-2.0
//
// The report of an impact as JSON, and for people: the same for `thimble impact` and POST /v1/impact.
#pragma once

#include <string>
#include <string_view>

#include "service/baselines/impact_study.h"
#include "service/support/terminal.h"

namespace thimble {

// {"at", "current": {"name", "intel", "amd", "policy", "references": [{"item", "evaluation"}]}, "candidate": likewise,
//  "refused", "admitted", "unchanged": sightings, "changes": [{"platforms": {the TCB, "count", "last_seen"},
//  "now": {"status", "decision", "shortfalls": [...], "refused_by": [...]}, "then": likewise}], "unjudged": likewise}
// A shortfall has component, have, need and update, as in a verdict.
std::string ImpactJson(const ImpactReport& report);
// Unavailable (upstream.answer) when it is not that JSON: it comes from a server.
Result<Lines> ImpactText(std::string_view json);

}  // namespace thimble
