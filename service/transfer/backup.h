// SPDX-License-Identifier: Apache-2.0
//
// A back-up: a directory with all of a data directory that a lost machine needs (data_files.h), laid out as a data directory
// is, and backup.json, which names each file with its size, mode and digest:
//
//   {"format": "thimble-backup/1", "made": TIME, "files": [{"name", "size", "mode": "0600", "sha256"}, ...]}
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "cache/store.h"
#include "tcb/base/bytes.h"
#include "tcb/base/result.h"
#include "tcb/base/time.h"

namespace thimble {

struct BackupFile {
  std::string name;
  uint64_t size = 0;
  mode_t mode = 0600;
  Digest256 sha256;
};
struct BackupManifest {
  Instant made{};
  std::vector<BackupFile> files;
  uint64_t bytes() const;
};

// Makes one in a directory that is not there yet, while the store is in use. `audit`: the directory of the trail, wherever it
// is. Errors: store.io, and nothing stays.
Status MakeBackup(Store& store, const std::string& data, const std::string& audit,
                  const std::string& directory, Instant now);

// The same back-up in another directory, which is not there yet, each file checked by its digest. Errors: request.invalid (a
// file is missing or is not as it was written), store.io; and nothing stays.
Result<BackupManifest> CopyBackup(const std::string& from, const std::string& directory);

// A back-up into a data directory that is empty or not there. Files have the modes that they had, and belong to who runs this;
// when that is root, to whom the directory belongs. Errors as above, and request.invalid when something is there; nothing
// stays then. One that is killed leaves kRestorePart, with which no command opens the directory, and the next restore begins
// by removing it.
Result<BackupManifest> RestoreBackup(const std::string& from, const std::string& data);

}  // namespace thimble
