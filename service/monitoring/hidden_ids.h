// SPDX-License-Identifier: Apache-2.0
//
// Ids of chips and platforms are for the administrator alone: what a status says to others, on the page and as JSON.
#pragma once

#include <string>
#include <string_view>

#include "service/monitoring/status_report.h"

namespace thimble {

// Without items of single platforms, which are still counted, and without ids in what refusals, errors and damage quote.
void HideIds(StatusReport& report);

// Every run of 16 hex digits or more is "...": chip ids have 16 or 128, QE ids 32, encrypted PPIDs 768; FMSPCs, which name
// a product and no platform, 12.
std::string WithoutIds(std::string_view text);

}  // namespace thimble
