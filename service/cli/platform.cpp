// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Result<Lines> ForgottenText(std::string_view body) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "platforms", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  TRY_ASSIGN(const auto names, document->root().GetArray("forgotten"));
  Lines out;
  for (const json::Value& value : names) {
    TRY_ASSIGN(const std::string_view name, value.String());
    out.Add(StrCat("platform ", name, ": forgotten; whoever registers it next binds it"));
  }
  return out;
}

}  // namespace

ExitCode Run(const PlatformOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kExisting);
  if (!client) return Fail(client.error(), options.json);
  return PrintAnswer(
      client->Send({.method = "DELETE", .target = StrCat("/v1/platforms/", PercentEncode(options.qe_id))}),
      options.json, ForgottenText);
}

}  // namespace thimble
