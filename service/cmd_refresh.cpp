// SPDX-License-Identifier: Apache-2.0
#include "service/command_support.h"
#include "service/commands.h"
#include "service/log.h"
#include "service/place.h"
#include "service/refresh_report.h"

namespace thimble {

ExitCode Run(const RefreshOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto place = Place::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const auto report = place->Refresh();
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(RefreshJson(*report)) : Print(RefreshText(*report));
  return report->complete() ? ExitCode::kDone : ExitCode::kUnavailable;
}

}  // namespace thimble
