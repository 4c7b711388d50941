// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Result<Lines> RotationText(std::string_view body) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "rotation", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  const json::Value root = document->root();
  TRY_ASSIGN(const json::Value kid, root.Get("kid"));
  TRY_ASSIGN(const std::string_view fresh, kid.String());
  TRY_ASSIGN(const json::Value old, root.Get("retired"));
  TRY_ASSIGN(const std::string_view retired, old.String());
  TRY_ASSIGN(const json::Value until, root.Get("retired_until"));
  TRY_ASSIGN(const std::string_view end, until.String());
  return Lines{StrCat("results are signed with ", fresh, " from now on"),
               StrCat(retired, " stays in the JWKS until ", end, ", when its last token has ended")};
}

}  // namespace

ExitCode Run(const ResultKeyOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kExisting);
  if (!client) return Fail(client.error(), options.json);
  return PrintAnswer(client->Send({.method = "POST", .target = "/v1/result-key/rotate"}), options.json,
                     RotationText);
}

}  // namespace thimble
