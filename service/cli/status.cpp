// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"

namespace thimble {

ExitCode Run(const StatusOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kReadOnly);
  if (!client) return Fail(client.error(), options.json);
  const auto report = client->Status();
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(StatusJson(*report)) : Print(StatusText(*report));
  return ExitCode::kDone;
}

}  // namespace thimble
