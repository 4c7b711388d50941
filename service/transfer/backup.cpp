// SPDX-License-Identifier: Apache-2.0
#include "service/transfer/backup.h"

#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "service/support/file.h"
#include "service/transfer/backup_manifest.h"
#include "service/transfer/data_files.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

Error Refuse(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Error Failure(std::string_view what, const fs::path& path, const std::error_code& error) {
  return {ErrorKind::kInternal, Check::kStoreIo,
          StrCat("cannot ", what, " ", path.string(), ": ", error.message())};
}

mode_t ModeOf(const fs::path& path) {
  struct stat found {};
  return ::stat(path.c_str(), &found) == 0 ? found.st_mode & 0777 : 0600;
}

// The name in the back-up of a file of ours, and where it is.
struct Source {
  std::string name;
  fs::path path;
};

// What is beside RocksDB's. A trail that is kept elsewhere is in a back-up where it would be by default.
Result<std::vector<Source>> SourcesIn(const std::string& data, const std::string& audit) {
  std::vector<Source> sources;
  TRY_ASSIGN(const auto files, FilesBelow(data));
  for (const std::string& name : files) sources.push_back({name, fs::path(data) / name});
  std::error_code missing;  // a trail that is switched off has no directory
  const fs::path by_default = fs::path(data) / "audit";
  if (!audit.empty() && fs::is_directory(audit, missing) && !fs::equivalent(audit, by_default, missing)) {
    TRY_ASSIGN(const auto records, FilesBelow(audit));
    for (const std::string& name : records)
      sources.push_back({StrCat("audit/", name), fs::path(audit) / name});
  }
  std::erase_if(sources, [](const Source& source) {
    const auto use = DataFileUseOf(source.name);
    return use == DataFileUse::kStore || use == DataFileUse::kLeft;
  });
  return sources;
}

// As much as is there now: what is appended meanwhile is for the next back-up. Of one file: the journal may be written
// anew, and shorter, between two looks at its name.
Result<std::string> ReadSource(const Source& source) {
  std::ifstream file(source.path, std::ios::binary | std::ios::ate);
  const std::streamoff size = file ? std::streamoff(file.tellg()) : -1;
  if (size < 0) return Failure("read", source.path, std::make_error_code(std::errc::io_error));
  if (static_cast<uintmax_t>(size) > kMaxBackupFile)
    return Failure("copy", source.path, std::make_error_code(std::errc::file_too_large));
  std::string text(static_cast<size_t>(size), '\0');
  file.seekg(0);
  file.read(text.data(), size);
  if (!file) return Failure("read", source.path, std::make_error_code(std::errc::io_error));
  if (DataFileUseOf(source.name) == DataFileUse::kAppended)
    text.resize(text.rfind('\n') + 1);  // npos + 1 is 0
  return text;
}

Status Describe(const std::string& directory, const std::string& name, mode_t mode,
                BackupManifest& manifest) {
  const std::string path = (fs::path(directory) / name).string();
  std::error_code error;
  const uintmax_t size = fs::file_size(path, error);
  if (error) return Failure("look at", path, error);
  TRY_ASSIGN(const std::string text, ReadFile(path, std::min<uintmax_t>(size, kMaxBackupFile)));
  manifest.files.push_back({name, text.size(), mode, Sha256(AsBytes(text))});
  return {};
}

// The store comes first: what is recorded beside it is never behind it.
Status Fill(Store& store, const std::string& data, const std::string& audit, const std::string& directory,
            BackupManifest& manifest) {
  TRY(store.BackUp(directory));
  std::error_code error;
  fs::permissions(directory, fs::perms::owner_all, error);
  if (error) return Failure("keep to its owner", directory, error);
  TRY_ASSIGN(const auto of_store, FilesBelow(directory));
  for (const std::string& name : of_store)
    TRY(Describe(directory, name, ModeOf(fs::path(directory) / name), manifest));
  TRY_ASSIGN(const auto sources, SourcesIn(data, audit));
  for (const Source& source : sources) {
    TRY_ASSIGN(const std::string text, ReadSource(source));
    const BackupFile file{source.name, text.size(), ModeOf(source.path), Sha256(AsBytes(text))};
    TRY(WriteBackupFile(directory, file, text));
    manifest.files.push_back(file);
  }
  return WriteNewFile((fs::path(directory) / kBackupManifest).string(), EncodeBackupManifest(manifest), 0600);
}

Status CopyFiles(const std::string& from, const BackupManifest& manifest, const std::string& to) {
  for (const BackupFile& file : manifest.files) {
    TRY_ASSIGN(const std::string text, ReadBackupFile(from, file));
    TRY(WriteBackupFile(to, file, text));
  }
  return {};
}

Status MakePrivate(const fs::path& directory) {
  std::error_code error;
  fs::create_directories(directory, error);
  if (!error) fs::permissions(directory, fs::perms::owner_all, error);
  return error ? Status(Failure("make", directory, error)) : Status();
}

}  // namespace

Status MakeBackup(Store& store, const std::string& data, const std::string& audit,
                  const std::string& directory, Instant now) {
  std::error_code error;
  if (fs::exists(directory, error)) return Refuse(StrCat(directory, " exists"));
  BackupManifest manifest;
  manifest.made = now;
  const Status filled = Fill(store, data, audit, directory, manifest);
  if (!filled) fs::remove_all(directory, error);
  return filled;
}

Result<BackupManifest> CopyBackup(const std::string& from, const std::string& directory) {
  const fs::path named = fs::path(directory).lexically_normal();
  const std::string to = (named.has_filename() ? named : named.parent_path()).string();
  std::error_code error;
  if (fs::exists(to, error)) return Refuse(StrCat(to, " exists: a back-up is made in a new directory"));
  TRY_ASSIGN(const BackupManifest manifest, ReadBackupManifest(from));
  TRY(CheckBackup(from, manifest));
  const fs::path part = StrCat(to, ".part");
  fs::remove_all(part, error);  // what a former attempt left
  Status copied = MakePrivate(part);
  if (copied) copied = CopyFiles(from, manifest, part.string());
  if (copied) copied = WriteNewFile((part / kBackupManifest).string(), EncodeBackupManifest(manifest), 0600);
  if (copied) fs::rename(part, to, error);
  if (copied && error) copied = Failure("make", to, error);
  if (copied) return manifest;
  fs::remove_all(part, error);
  return copied.error();
}

}  // namespace thimble
