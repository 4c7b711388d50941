// SPDX-License-Identifier: Apache-2.0
//
// backup and restore.
#include "service/transfer/backup.h"

#include <unistd.h>

#include <algorithm>
#include <filesystem>

#include "cache/cached_item.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"
#include "service/transfer/data_files.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;

std::string FilesText(const BackupManifest& manifest) {
  const auto count = [&manifest](std::string_view prefix) {
    return std::ranges::count_if(manifest.files,
                                 [prefix](const BackupFile& file) { return file.name.starts_with(prefix); });
  };
  return StrCat(manifest.files.size(), " files, ", manifest.bytes(), " bytes, with ", count("audit/"),
                " of the audit trail and ", count("result-key.pem"), " of result keys");
}

Result<std::string> ItemsText(ThimbleClient& client) {
  TRY_ASSIGN(const StatusReport status, client.Status());
  const auto shared = std::ranges::count_if(
      status.items, [](const CacheStatus& item) { return !IsPlatformItem(KindOf(item.key)); });
  return StrCat(shared, " items that platforms share, ", status.platform_items, " of single ones");
}

// The server makes it where its store is; from there it is copied to where it was asked for, and removed.
Result<BackupManifest> BackUpTo(ThimbleClient& client, const std::string& directory) {
  std::error_code error;
  if (fs::exists(directory, error)) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(directory, " exists: a back-up is made in a new directory")};
  }
  const std::string name = StrCat("of-process-", ::getpid());
  const fs::path made = fs::path(client.data()) / kBackupsName / name;
  fs::remove_all(made, error);  // what a process of this number left
  TRY(client.BackUp(name));
  const auto copied = CopyBackup(made.string(), directory);
  fs::remove_all(made, error);
  if (copied && error) {
    return Error{ErrorKind::kInternal, Check::kStoreIo,
                 StrCat("cannot remove ", made.string(), ": ", error.message())};
  }
  fs::remove(made.parent_path(), error);  // unless others are in there
  return copied;
}

Result<std::string> BackUp(ThimbleClient& client, const BackupOptions& options) {
  TRY_ASSIGN(const std::string items, ItemsText(client));
  if (client.data().empty()) {
    if (options.directory.find('/') != std::string::npos) {
      return Error{
          ErrorKind::kMalformed, Check::kRequest,
          StrCat(options.directory, " is a path, and ", client.name(),
                 " makes back-ups in its own data directory, each under a name: `thimble backup NAME`. For a "
                 "directory, ask on its host, as root or its user, with --config FILE or --data DIR")};
    }
    TRY_ASSIGN(const std::string path, client.BackUp(options.directory));
    return StrCat("wrote ", path, " on its host: ", items, ", from ", client.name());
  }
  TRY_ASSIGN(const BackupManifest manifest, BackUpTo(client, options.directory));
  return StrCat("wrote ", options.directory, ": ", FilesText(manifest), "; ", items, ", from ",
                client.name());
}

}  // namespace

ExitCode Run(const BackupOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kExisting);
  if (!client) return Fail(client.error(), false);
  const auto done = BackUp(*client, options);
  if (!done) return Fail(done.error(), false);
  PrintLine(*done);
  return ExitCode::kDone;
}

ExitCode Run(const RestoreOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), false);
  const std::string& data = config->cache.data;
  const auto manifest = RestoreBackup(options.directory, data);
  if (!manifest) return Fail(manifest.error(), false);
  PrintLine(StrCat("restored ", data, " as of ", FormatRfc3339(manifest->made), ": ", FilesText(*manifest)));
  if (const std::string& audit = config->audit.directory; !audit.empty())
    PrintLine(StrCat("the audit trail is in ", data, "/audit; the configuration has it in ", audit,
                     ": move it there before `thimble serve`"));
  return ExitCode::kDone;
}

}  // namespace thimble
