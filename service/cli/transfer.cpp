// SPDX-License-Identifier: Apache-2.0
//
// export and import.
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "service/transfer/export_file.h"
#include "service/transfer/pccs_database.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr size_t kMaxFile = size_t{1} << 30;

Result<std::optional<Seconds>> ParseMinRemaining(const std::optional<std::string>& text) {
  if (!text) return std::optional<Seconds>();
  const auto duration = ParseDuration(*text);
  if (!duration) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("--min-remaining \"", *text, "\" is not a duration like 7d")};
  }
  return duration;
}

}  // namespace

ExitCode Run(const ExportOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kReadOnly);
  if (!client) return Fail(client.error(), false);
  const auto file = client->Export(options.history);
  if (!file) return Fail(file.error(), false);
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
  auto file = ReadImportFile(options.file, kMaxFile);
  if (!file) return Fail(file.error(), options.json);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kDisk);
  if (!client) return Fail(client.error(), options.json);
  const auto report = client->Import(*std::move(file), *min_remaining);
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(ImportJson(*report)) : Print(ImportText(*report));
  return report->refused.empty() ? ExitCode::kDone : ExitCode::kRejected;
}

}  // namespace thimble
