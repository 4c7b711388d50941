// SPDX-License-Identifier: Apache-2.0
#include "service/command_support.h"
#include "service/commands.h"
#include "service/log.h"
#include "service/place.h"

namespace thimble {

ExitCode Run(const StatusOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto place = Place::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const auto report = place->Status();
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(StatusJson(*report)) : Print(StatusText(*report));
  return ExitCode::kDone;
}

}  // namespace thimble
