// SPDX-License-Identifier: Apache-2.0
//
// In place of pccs_database.cpp in a build with THIMBLE_SQLITE=OFF.
#include "service/transfer/pccs_database.h"
#include "tcb/check.h"

namespace thimble {

Result<PlatformBundle> ReadPccsDatabase(std::string_view, std::vector<std::string>&) {
  return Error{
      ErrorKind::kMalformed, Check::kRequest,
      "PCCS database: this build of Thimble has no SQLite to read it with; use one that was built with "
      "THIMBLE_SQLITE=ON"};
}

}  // namespace thimble
