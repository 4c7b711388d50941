// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/impact_report.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/impact_reports.h"
#include "service/cli/thimble_client.h"
#include "service/support/file.h"
#include "service/support/log.h"
#include "tcb/base/json.h"

namespace thimble {
namespace {

constexpr size_t kMaxFloorBytes = 1u << 20;

std::string BodyOf(const ImpactOptions& options, const std::optional<std::string>& floors) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  for (const auto& [key, value] :
       {std::pair("baseline", &options.baseline), std::pair("intel", &options.intel),
        std::pair("amd", &options.amd), std::pair("policy", &options.policy),
        std::pair("candidate_policy", &options.candidate_policy)}) {
    if (*value) json.Key(key).String(**value);
  }
  if (floors) json.Key("floors").String(*floors);
  json.EndObject();
  return body;
}

}  // namespace

ExitCode Run(const ImpactOptions& options) {
  SetLogLevel(LogLevel::kError);
  if (options.reports) return RunOnReports(options);
  std::optional<std::string> floors;
  if (options.floors) {
    auto text = ReadFile(*options.floors, kMaxFloorBytes);
    if (!text) return Fail(text.error(), options.json);
    floors = *std::move(text);
  }
  auto client = ThimbleClient::Open(options.flags, options.server, Storage::kReadOnly);
  if (!client) return Fail(client.error(), options.json);
  const auto answer =
      client->Send({.method = "POST", .target = "/v1/impact", .body = BodyOf(options, floors)});
  const ExitCode printed = PrintAnswer(answer, options.json, ImpactText);
  if (printed != ExitCode::kDone) return printed;
  const auto refused = RefusalsIn(AsText(answer->body));
  if (!refused) return Fail(refused.error(), options.json);
  return refused->sightings.value_or(0) == 0 ? ExitCode::kDone : ExitCode::kRejected;
}

}  // namespace thimble
