// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"

namespace thimble {

ExitCode Run(const StatusOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto place = ThimbleClient::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const auto report = place->Status();
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(StatusJson(*report)) : Print(StatusText(*report));
  return ExitCode::kDone;
}

}  // namespace thimble
