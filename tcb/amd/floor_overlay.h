// SPDX-License-Identifier: Apache-2.0
//
// An operator's own rules over a floor document: they raise minimums, settle what it does not know, and waive bulletins
// for a while. A document of its own, which each verdict names beside the other:
//
//   {"format": "amd-floors-overlay/1", "name": "ours", "number": 1, "issued": "2026-12-01", "rules": [
//     {"bulletin": "AMD-SB-3030", "cpus": ["Genoa-B1"], "min": {"bootloader": 12, "snp": 28}, "reason": "our hosts"},
//     {"bulletin": "AMD-SB-3020", "cpus": ["Milan-B1"], "waive": true, "reason": "...", "until": "2027-03-01"}]}
#pragma once

#include <string_view>

#include "tcb/amd/floor_document.h"
#include "tcb/base/result.h"

namespace thimble::amd {

// The base with the overlay's rules in it. kMalformed (policy.format): as ParseFloors(); a rule for a bulletin or line
// that the base does not have; a minimum below the base's; a waiver without reason or end.
Result<FloorDocument> ApplyOverlay(const FloorDocument& base, std::string_view text);

}  // namespace thimble::amd
