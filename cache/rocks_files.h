// SPDX-License-Identifier: Apache-2.0
//
// The files of a RocksDB database, looked at before it is opened: what RocksDB passes over in silence is an error here.
#pragma once

#include <cstdint>
#include <filesystem>

#include "tcb/base/result.h"

namespace thimble {

// Whether there is a database, whole or not.
bool HoldsRocksFiles(const std::filesystem::path& directory);

// Gives the bytes at the ends of its logs of writes that were cut short, and that nobody was told of. Errors:
// store.corrupt, naming the file, when anything else is missing from a log or the MANIFEST, or CURRENT is not there;
// store.io when one cannot be read.
Result<uint64_t> CheckRocksFiles(const std::filesystem::path& directory);

}  // namespace thimble
