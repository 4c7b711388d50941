// SPDX-License-Identifier: Apache-2.0
//
// Percent encoding (RFC 3986 section 2.1), as JavaScript's encodeURIComponent() and decodeURIComponent() do it:
// PEM in headers and in JSON is written so.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace thimble {

// %XX for all but letters, digits and -_.!~*'(): "%20", "%2B", "%0A".
std::string PercentEncode(std::string_view text);

// Decodes %XX and nothing else: a "+" stays (DCAP 8.9). nullopt for a "%" without
// two hex digits after it.
std::optional<std::string> PercentDecode(std::string_view text);

}  // namespace thimble
