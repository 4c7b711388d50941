// SPDX-License-Identifier: Apache-2.0
//
// In place of the files that know SQLite, in a build with THIMBLE_SQLITE=OFF.
#include <algorithm>
#include <filesystem>

#include "service/support/file.h"
#include "service/transfer/pccs_database.h"
#include "tcb/check.h"

namespace thimble {

Result<PlatformBundle> ReadPccsDatabase(std::string_view, std::vector<std::string>&,
                                        std::chrono::milliseconds) {
  return Error{
      ErrorKind::kMalformed, Check::kRequest,
      "PCCS database: this build of Thimble has no SQLite to read it with; use one that was built with "
      "THIMBLE_SQLITE=ON"};
}

Result<std::string> ReadImportFile(const std::string& path, size_t limit) {
  std::error_code unknown;  // then it is as good as empty, and reading says what is wrong
  const auto size = std::filesystem::file_size(path, unknown);
  return ReadFile(path, unknown ? 0 : std::min<size_t>(size, limit));
}

}  // namespace thimble
