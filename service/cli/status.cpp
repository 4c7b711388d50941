// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"
#include "tcb/base/bytes.h"

namespace thimble {
namespace {

// For health checks of containers: a store that no server runs on is not ready.
ExitCode AskReady(const StatusOptions& options) {
  auto client = ThimbleClient::Running(options.flags, options.server);
  if (!client) return Fail(client.error(), options.json);
  const auto answer = client->Send({.target = "/readyz"});
  if (!answer) return Fail(answer.error(), options.json);
  if (answer->status != 200 && answer->status != 503) return Fail(*answer, options.json);
  PrintJson(AsText(answer->body));
  return answer->status == 200 ? ExitCode::kDone : ExitCode::kUnavailable;
}

}  // namespace

ExitCode Run(const StatusOptions& options) {
  SetLogLevel(LogLevel::kError);
  if (options.ready) return AskReady(options);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kReadOnly);
  if (!client) return Fail(client.error(), options.json);
  const auto report = client->Status();
  if (!report) return Fail(report.error(), options.json);
  options.json ? PrintJson(StatusJson(*report)) : Print(StatusText(*report));
  return ExitCode::kDone;
}

}  // namespace thimble
