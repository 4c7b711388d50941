// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/monitoring/refresh_report.h"
#include "service/support/log.h"

namespace thimble {

ExitCode Run(const RefreshOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto place = ThimbleClient::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const auto report = place->Refresh();
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(RefreshJson(*report)) : Print(RefreshText(*report));
  return report->complete() ? ExitCode::kDone : ExitCode::kUnavailable;
}

}  // namespace thimble
