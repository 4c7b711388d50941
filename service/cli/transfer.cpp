// SPDX-License-Identifier: Apache-2.0
//
// export and import.
#include <filesystem>

#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/text/progress.h"
#include "service/cli/thimble_client.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "service/transfer/export_file.h"
#include "service/transfer/pccs_database.h"
#include "service/verification/evidence_files.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxFile = size_t{1} << 30, kMaxOnStdin = size_t{64} << 20;

Result<std::optional<Seconds>> ParseMinRemaining(const std::optional<std::string>& text) {
  if (!text) return std::optional<Seconds>();
  const auto duration = ParseDuration(*text);
  if (!duration) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("--min-remaining \"", *text, "\" is not a duration like 7d")};
  }
  return duration;
}

std::string Mebibytes(const std::string& file) {
  constexpr size_t kMebi = size_t{1} << 20;
  return StrCat(file.size() / kMebi, ".", file.size() % kMebi * 10 / kMebi, " MiB");
}

Result<std::string> ReadFileToImport(const std::string& path) {
  if (path == "-") return ReadInput(path, kMaxOnStdin);
  std::error_code ignored;  // what cannot be looked at is read as a file, which says why not
  if (!std::filesystem::is_directory(path, ignored)) return ReadImportFile(path, kMaxFile);
  return Error{ErrorKind::kMalformed, Check::kRequest,
               StrCat(path, ": is a directory; `thimble fetch --kds-store ", path,
                      "` takes one of VCEKs, as trustee's offline store is")};
}

}  // namespace

ExitCode Run(const ExportOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kReadOnly);
  if (!client) return Fail(client.error(), false);
  Progress progress(StrCat("export: being written by ", client->name()));
  const auto file = client->Export(options.history);
  if (!file) return Fail(file.error(), false);
  progress.Now(
      StrCat("export: ", Mebibytes(*file), " have come, being checked and written to ", options.file));
  const auto items = DecodeExport(*file);
  if (!items) return Fail(items.error(), false);
  if (items->empty()) {
    return Fail({ErrorKind::kUnavailable, Check::kCollateralMissing,
                 StrCat(client->name(), " holds nothing to export: nothing is written")},
                false);
  }
  if (const Status written = WriteFile(options.file, *file); !written) return Fail(written.error(), false);
  PrintLine(StrCat("wrote ", options.file, ": ", items->size(), " items, ", file->size(), " bytes, from ",
                   client->name()));
  return ExitCode::kDone;
}

ExitCode Run(const ImportOptions& options) {
  SetLogLevel(LogLevel::kError);
  const auto min_remaining = ParseMinRemaining(options.min_remaining);
  if (!min_remaining) return Fail(min_remaining.error(), options.json);
  Progress progress(StrCat("import: ", options.file, " is being read"));
  auto file = ReadFileToImport(options.file);
  if (!file) return Fail(file.error(), options.json);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kDisk);
  if (!client) return Fail(client.error(), options.json);
  progress.Now(StrCat("import: ", Mebibytes(*file), ", being verified and taken by ", client->name()));
  const auto report = client->Import(*std::move(file), *min_remaining);
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(ImportJson(*report)) : Print(ImportText(*report));
  return report->refused.empty() ? ExitCode::kDone : ExitCode::kRejected;
}

}  // namespace thimble
