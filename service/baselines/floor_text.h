// SPDX-License-Identifier: Apache-2.0
//
// Floor documents for people, and as JSON: what `thimble floors` prints.
#pragma once

#include <string>
#include <vector>

#include "service/support/terminal.h"
#include "tcb/amd/floor_document.h"
#include "tcb/base/json.h"

namespace thimble {

// "snp 27", "microcode 0x0A1011DE", "firmware 1.55.35", "mitigation bits 0, 1"
std::string RequirementText(const amd::FloorRequirement& requirement, const amd::FloorLine& line);
// "snp 27 [A], firmware 1.55.35 [1]"; "not attestable [A]: PI only"; "unknown [A]: ..., waived until ..."
std::string CellText(const amd::FloorCell& cell, const amd::FloorLine& line);

// The lines that a name means: one line, those of a product ("Milan"), or of a policy's name ("Siena"). Empty: none.
std::vector<const amd::FloorLine*> LinesNamed(const amd::FloorDocument& document, std::string_view name);

// The head, the bulletins, and of each line the most that is asked of it.
Lines FloorsOverview(const amd::FloorDocument& document, Instant now);
// The head, and what each bulletin asks of these lines.
Lines FloorsOf(const amd::FloorDocument& document, const std::vector<const amd::FloorLine*>& lines,
               Instant now);
// The same as one object; of all lines, or of these.
void WriteFloors(json::Writer& json, const amd::FloorDocument& document,
                 const std::vector<const amd::FloorLine*>& lines, Instant now);

}  // namespace thimble
