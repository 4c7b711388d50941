// SPDX-License-Identifier: Apache-2.0
//
// Every kind of file that a data directory holds, and what becomes of it in a back-up. The one table of it: who adds a kind
// adds a row.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tcb/base/result.h"

namespace thimble {

enum class DataFileUse : uint8_t {
  kStore,     // RocksDB's: a back-up has what a checkpoint of it has
  kWhole,     // copied as it is
  kAppended,  // only ever appended to, a record a line: copied to the end of its last whole line
  kLeft,      // made anew where it is needed
};
// By its path within the directory. nullopt: no kind that is known, which a back-up takes whole.
std::optional<DataFileUse> DataFileUseOf(const std::string& path);

// The regular files of a directory and those below it, by their paths in it, in order; but for directories that are left
// whole, which need not be ours to read. Error: store.io.
Result<std::vector<std::string>> FilesBelow(const std::string& directory);

inline constexpr std::string_view kBackupsName = "backup";  // the directory of back-ups that a server makes
inline constexpr std::string_view kRestorePart = "restore.part";  // of a restore that is not whole yet
inline constexpr std::string_view kBackupManifest = "backup.json";

}  // namespace thimble
