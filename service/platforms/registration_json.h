// SPDX-License-Identifier: Apache-2.0
//
// Platforms as Intel's tools write them: {"qe_id", "pce_id", "cpu_svn", "pce_svn", "enc_ppid",
// "platform_manifest"}, all in hex (spec/intel-pccs-api.md section 4). Other members are left alone.
#pragma once

#include <string>
#include <string_view>

#include "cache/platform.h"
#include "tcb/base/json.h"

namespace thimble {

// The body of POST /platforms: with a manifest the rest says nothing, without one all of it has to be there.
// Malformed (request.invalid) otherwise.
Result<Registration> ParseRegistration(std::string_view text);
// A platform in a list: what it says is right, an empty text says nothing. Malformed (request.invalid) otherwise.
Result<Registration> ReadRegistration(const json::Value& object);

enum class HexCase : uint8_t { kLower, kUpper };
// PPID and manifest in this case (PCCS's lists differ); the other members are in upper case.
void WriteRegistration(json::Writer& writer, const Registration& registration, HexCase proof_case);

}  // namespace thimble
