// SPDX-License-Identifier: Apache-2.0
//
// The report of an impact as JSON, and for people: the same for `thimble impact` and POST /v1/impact.
#pragma once

#include <string>
#include <string_view>

#include "service/baselines/impact_study.h"
#include "service/support/terminal.h"
#include "tcb/base/json.h"

namespace thimble {

// {"at", "current": {"name", "intel", "amd", "policy", "references": [{"item", "evaluation"}]}, "candidate": likewise,
//  "refused": sightings, those that cannot be judged among them, or "unknown" when no platform was seen, or when minimums
//  of utility VMs are raised, which "uvm_unjudged" says; "admitted",
//  "unchanged": sightings; "changes": [{"platforms": {the TCB, "count", "last_seen"},
//  "now": {"status", "decision", "shortfalls": [...], "refused_by": [...]}, "then": likewise}], "unjudged": likewise}
// A shortfall has component, have, need and update, as in a verdict.
// Of one of the two: what "now" and "then" are.
void WriteOutcome(json::Writer& json, const TcbOutcome& outcome);
std::string ImpactJson(const ImpactReport& report);
// Unavailable (upstream.answer) when it is not that JSON: it comes from a server.
Result<Lines> ImpactText(std::string_view json);
Result<Lines> ImpactText(const json::Value& report);
Result<Refusals> RefusalsIn(std::string_view json);

}  // namespace thimble
