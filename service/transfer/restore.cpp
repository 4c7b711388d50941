// SPDX-License-Identifier: Apache-2.0
//
// Files are copied and checked in kRestorePart within the data directory, which may be a mount point or in a directory that is
// another user's, and then moved to their places: all else first, and then CURRENT, without which there is no store.
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <system_error>

#include "service/support/file.h"
#include "service/transfer/backup.h"
#include "service/transfer/backup_manifest.h"
#include "service/transfer/data_files.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kCurrent = "CURRENT";
constexpr std::string_view kOfTheDisk = "lost+found";  // in each new file system
constexpr size_t kMaxNamed = 3;

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Error Failure(std::string_view what, const fs::path& path, const std::error_code& error) {
  return {ErrorKind::kInternal, Check::kStoreIo,
          StrCat("cannot ", what, " ", path.string(), ": ", error.message())};
}

// What is in the directory, but for what the disk itself has there.
Result<std::vector<fs::path>> EntriesOf(const fs::path& directory) {
  std::vector<fs::path> entries;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename() != kOfTheDisk) entries.push_back(it->path());
  }
  if (error) return Failure("look into", directory, error);
  return entries;
}

// kRestorePart last: as long as anything is there, it says what that is.
Status Clear(const fs::path& directory) {
  TRY_ASSIGN(const auto entries, EntriesOf(directory));
  std::error_code error;
  for (const fs::path& entry : entries) {
    if (entry.filename() != kRestorePart) fs::remove_all(entry, error);
    if (error) return Failure("remove", entry, error);
  }
  fs::remove_all(directory / kRestorePart, error);
  return error ? Status(Failure("remove", directory / kRestorePart, error)) : Status();
}

Status RefuseWhatIsThere(const fs::path& directory, const std::vector<fs::path>& entries) {
  std::error_code ignored;  // what cannot be looked at is named with the rest
  if (fs::exists(directory / kCurrent, ignored))
    return Refuse(StrCat(directory.string(), " holds a store: nothing is restored over it"));
  std::string names;
  for (size_t i = 0; i < entries.size() && i < kMaxNamed; ++i)
    names += StrCat(i == 0 ? "" : ", ", entries[i].filename().string());
  if (entries.size() > kMaxNamed) names += StrCat(" and ", entries.size() - kMaxNamed, " more");
  return Refuse(StrCat(directory.string(), " is not empty: it holds ", names,
                       ": name a new directory, or move them away"));
}

// An empty directory of ours, in the place that was named. True: it was made now.
Result<bool> Prepare(const fs::path& directory) {
  std::error_code error;
  if (!fs::exists(directory, error)) {
    fs::create_directories(directory, error);
    if (!error) fs::permissions(directory, fs::perms::owner_all, error);
    if (error) return Failure("make", directory, error);
    return true;
  }
  if (::geteuid() != 0) TRY(CheckOnlyOurs(directory.string(), "data directory", OthersMay::kRead));
  TRY_ASSIGN(const auto entries, EntriesOf(directory));
  if (entries.empty()) return false;
  if (!fs::is_directory(directory / kRestorePart, error)) TRY(RefuseWhatIsThere(directory, entries));
  TRY(Clear(directory));
  return false;
}

// Root restores for the user that the directory belongs to.
Status GiveTo(const fs::path& like, const fs::path& directory) {
  struct stat owner {};
  if (::geteuid() != 0 || ::stat(like.c_str(), &owner) != 0 || owner.st_uid == 0) return {};
  std::error_code error;
  for (fs::recursive_directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    if (::lchown(it->path().c_str(), owner.st_uid, owner.st_gid) != 0)
      return Failure("give away", it->path(), std::error_code(errno, std::generic_category()));
  }
  return error ? Status(Failure("look into", directory, error)) : Status();
}

Status SyncDirectory(const fs::path& directory) {
  const fs::path inside = directory / "synced.part";
  TRY(WriteNewFile(inside.string(), "", 0600));  // which is on the disk with all that was renamed before
  std::error_code error;
  fs::remove(inside, error);
  return error ? Status(Failure("remove", inside, error)) : Status();
}

Status Move(const fs::path& part, const fs::path& directory) {
  TRY_ASSIGN(const auto entries, EntriesOf(part));
  std::error_code error;
  for (const fs::path& entry : entries) {
    if (entry.filename() != kCurrent) fs::rename(entry, directory / entry.filename(), error);
    if (error) return Failure("move", entry, error);
  }
  TRY(SyncDirectory(directory));
  fs::rename(part / kCurrent, directory / kCurrent, error);
  if (error) return Failure("move", part / kCurrent, error);
  TRY(SyncDirectory(directory));
  fs::remove(part, error);
  return error ? Status(Failure("remove", part, error)) : Status();
}

Status Fill(const std::string& from, const BackupManifest& manifest, const fs::path& directory) {
  const fs::path part = directory / kRestorePart;
  std::error_code error;
  fs::create_directory(part, error);
  if (!error) fs::permissions(part, fs::perms::owner_all, error);
  if (error) return Failure("make", part, error);
  for (const BackupFile& file : manifest.files) {
    TRY_ASSIGN(const std::string text, ReadBackupFile(from, file));
    TRY(WriteBackupFile(part.string(), file, text));
  }
  TRY(GiveTo(directory, part));
  return Move(part, directory);
}

}  // namespace

Result<BackupManifest> RestoreBackup(const std::string& from, const std::string& data) {
  TRY_ASSIGN(BackupManifest manifest, ReadBackupManifest(from));
  TRY(CheckBackup(from, manifest));
  const fs::path directory(data);
  TRY_ASSIGN(const bool made, Prepare(directory));
  const Status filled = Fill(from, manifest, directory);
  if (filled) return manifest;
  const Status cleared = Clear(directory);  // when that fails, too, kRestorePart is still there
  std::error_code ignored;                  // an empty directory stays, at worst
  if (cleared && made) fs::remove(directory, ignored);
  return filled.error();
}

}  // namespace thimble
