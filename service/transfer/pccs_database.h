// SPDX-License-Identifier: Apache-2.0
//
// The sqlite database of Intel's PCCS, schema version 5 (spec/intel-pccs-api.md section 7), read for moving over:
// platforms with their TCBs, PCK certificates, and all collateral. The only file that knows sqlite.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "service/platforms/platform_bundle.h"

namespace thimble {

inline bool IsPccsDatabase(std::string_view file) {
  return file.starts_with(std::string_view("SQLite format 3\0", 16));
}
// Malformed (request.invalid) for what is not such a database, and in a build without SQLite. Rows that make no sense are left out, and named in
// `odd`. Reading says nothing about trust.
Result<PlatformBundle> ReadPccsDatabase(std::string_view file, std::vector<std::string>& odd);

}  // namespace thimble
