// SPDX-License-Identifier: Apache-2.0
//
// Times as people and programs hand them over: on command lines, in requests, parameters and configuration. What vendors
// sign is read strictly, by tcb/base/time.h.
#pragma once

#include <optional>
#include <string_view>

#include "tcb/base/time.h"

namespace thimble {

// RFC 3339 section 5.6: "Z" or an offset in either case, fractions of a second left off; a date is its first second in
// UTC. nullopt: it is neither, or no time of the calendar.
std::optional<Instant> ParseTimeText(std::string_view text);

// What messages about a wrong one name.
inline constexpr std::string_view kTimeTextLike =
    "a time like 2026-01-31T12:00:00Z, 2026-01-31T13:00:00+01:00 or 2026-01-31";

}  // namespace thimble
