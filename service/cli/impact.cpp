// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/baselines/impact_report.h"
#include "service/support/log.h"
#include "service/cli/thimble_client.h"
#include "tcb/base/json.h"

namespace thimble {
namespace {

std::string BodyOf(const ImpactOptions& options) {
  std::string body;
  json::Writer json(&body);
  json.BeginObject();
  for (const auto& [key, value] :
       {std::pair("baseline", &options.baseline), std::pair("intel", &options.intel),
        std::pair("amd", &options.amd), std::pair("policy", &options.policy),
        std::pair("candidate_policy", &options.candidate_policy)}) {
    if (*value) json.Key(key).String(**value);
  }
  json.EndObject();
  return body;
}

}  // namespace

ExitCode Run(const ImpactOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto place = ThimbleClient::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  return PrintAnswer(place->Ask("POST", "/v1/impact", BodyOf(options)), options.json, ImpactText);
}

}  // namespace thimble
