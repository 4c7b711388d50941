// SPDX-License-Identifier: Apache-2.0
//
// backup.json, and copying what it names.
#pragma once

#include <string>

#include "service/transfer/backup.h"

namespace thimble {

std::string EncodeBackupManifest(const BackupManifest& manifest);
// request.invalid when it is not there, is none, or names what lies outside of the directory.
Result<BackupManifest> ReadBackupManifest(const std::string& directory);

// A file's bytes, if they are as the manifest says. request.invalid otherwise.
Result<std::string> ReadBackupFile(const std::string& directory, const BackupFile& file);
// Each file of it: before anything is written.
Status CheckBackup(const std::string& directory, const BackupManifest& manifest);
// Into a directory below which nothing is there yet.
Status WriteBackupFile(const std::string& directory, const BackupFile& file, const std::string& text);

// The file is read whole: the largest, of the store and of the trail, have 64 MiB.
inline constexpr size_t kMaxBackupFile = size_t{1} << 30;

}  // namespace thimble
