// SPDX-License-Identifier: Apache-2.0
//
// Time is a parameter everywhere in tcb/ and cache/: this header has types and text forms, and no clock.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace thimble {

using Instant = std::chrono::sys_seconds;  // seconds since 1970-01-01T00:00:00Z, leap seconds not counted
using Seconds = std::chrono::seconds;

// Both ends belong to the window (RFC 5280 section 4.1.2.5).
struct Validity {
  Instant not_before = Instant::min();
  Instant not_after = Instant::max();

  bool Contains(Instant at) const { return not_before <= at && at <= not_after; }
  bool operator==(const Validity&) const = default;
};

// The window in which both hold. Disjoint windows give not_before > not_after, which contains nothing.
Validity Intersect(const Validity& a, const Validity& b);

// Exactly YYYY-MM-DDTHH:MM:SSZ (RFC 3339, UTC, whole seconds), a real date, years 1970 to 9999.
std::optional<Instant> ParseRfc3339(std::string_view text);
std::string FormatRfc3339(Instant at);
// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 section 5.6.7), for HTTP headers.
std::optional<Instant> ParseHttpDate(std::string_view text);
std::string FormatHttpDate(Instant at);

// DER UTCTime YYMMDDHHMMSSZ and GeneralizedTime YYYYMMDDHHMMSSZ (RFC 5280 section 4.1.2.5).
std::optional<Instant> ParseUtcTime(std::string_view text);
std::optional<Instant> ParseGeneralizedTime(std::string_view text);

// A duration with a unit: "90s", "15m", "24h", "7d". Whole, non-negative, at most 100 years.
std::optional<Seconds> ParseDuration(std::string_view text);
std::string FormatDuration(Seconds duration);  // the largest unit that divides it: "168h" -> "7d"

}  // namespace thimble
