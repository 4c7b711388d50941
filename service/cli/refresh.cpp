// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/monitoring/refresh_report.h"
#include "service/support/log.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

std::string QueryOf(const RefreshOptions& options) {
  if (options.item) return StrCat("?item=", PercentEncode(*options.item));
  if (options.fmspc) return StrCat("?fmspc=", PercentEncode(*options.fmspc));
  return options.all ? "?all=1" : "";
}

}  // namespace

ExitCode Run(const RefreshOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kExisting);
  if (!client) return Fail(client.error(), options.json);
  const auto report = client->Refresh(QueryOf(options));
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(RefreshJson(*report)) : Print(RefreshText(*report));
  return report->complete() ? ExitCode::kDone : ExitCode::kUnavailable;
}

}  // namespace thimble
