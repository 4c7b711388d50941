// SPDX-License-Identifier: Apache-2.0
#include "service/command_support.h"
#include "service/commands.h"
#include "service/impact_report.h"
#include "service/log.h"
#include "service/place.h"
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
  auto place = Place::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  return PrintAnswer(place->Ask("POST", "/v1/impact", BodyOf(options)), options.json, ImpactText);
}

}  // namespace thimble
