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

using Action = BaselineOptions::Action;

struct Call {
  std::string method, target, body;
};

Call CallOf(const BaselineOptions& options) {
  const std::string base = StrCat("/v1/baselines/", options.name);
  switch (options.action) {
    case Action::kPromote:
      return {"POST", base + "/promote", ""};
    case Action::kRollBack:
      return {"POST", base + "/rollback", ""};
    case Action::kCandidate: {
      Call call{"PUT", base + "/candidate", ""};
      json::Writer json(&call.body);
      json.BeginObject();
      if (options.intel) json.Key("intel").String(*options.intel);
      if (options.amd) json.Key("amd").String(*options.amd);
      json.EndObject();
      return call;
    }
    case Action::kList:
      break;
  }
  return {"GET", "/v1/baselines", ""};
}

Result<std::string> DefinitionText(const json::Value& definition) {
  TRY_ASSIGN(const json::Value intel, definition.Get("intel"));
  TRY_ASSIGN(const std::string_view intel_text, intel.String());
  TRY_ASSIGN(const json::Value amd, definition.Get("amd"));
  TRY_ASSIGN(const std::string_view amd_text, amd.String());
  return StrCat("intel \"", intel_text, "\", amd \"", amd_text, "\"");
}

Result<std::string> VersionText(const json::Value& version) {
  TRY_ASSIGN(const json::Value number, version.Get("version"));
  TRY_ASSIGN(const uint64_t value, number.Unsigned(UINT32_MAX));
  TRY_ASSIGN(const json::Value since, version.Get("since"));
  TRY_ASSIGN(const std::string_view since_text, since.String());
  TRY_ASSIGN(const std::string definition, DefinitionText(version));
  return StrCat("version ", value, ": ", definition, ", since ", since_text);
}

Result<Lines> StateText(const json::Value& state) {
  TRY_ASSIGN(const json::Value name, state.Get("name"));
  TRY_ASSIGN(const std::string_view name_text, name.String());
  TRY_ASSIGN(const json::Value current, state.Get("current"));
  TRY_ASSIGN(const std::string current_text, VersionText(current));
  Lines out = {std::string(name_text), StrCat("  in force   ", current_text)};
  if (const auto candidate = state.Find("candidate")) {
    TRY_ASSIGN(const std::string text, DefinitionText(*candidate));
    out.Add(StrCat("  candidate  ", text));
  }
  TRY_ASSIGN(const json::Value past, state.Get("past"));
  TRY_ASSIGN(const auto versions, past.Array());
  for (const json::Value& version : versions) {
    TRY_ASSIGN(const std::string text, VersionText(version));
    out.Add(StrCat("  before     ", text));
  }
  return out;
}

Result<Lines> BaselinesText(std::string_view body) {
  TRY_ASSIGN(const auto document,
             json::Document::Parse(body, "baselines", ErrorKind::kUnavailable, Check::kUpstreamAnswer));
  const auto list = document->root().Find("baselines");
  if (!list) return StateText(document->root());
  TRY_ASSIGN(const auto states, list->Array());
  Lines out;
  for (const json::Value& state : states) {
    TRY_ASSIGN(const Lines lines, StateText(state));
    out.Add(lines);
  }
  return out;
}

}  // namespace

ExitCode Run(const BaselineOptions& options) {
  SetLogLevel(LogLevel::kError);
  auto place = ThimbleClient::Open(options.flags, options.server);
  if (!place) return Fail(place.error(), options.json);
  const Call call = CallOf(options);
  const auto answer = place->Ask(call.method, call.target, call.body);
  return PrintAnswer(answer, options.json, BaselinesText);
}

}  // namespace thimble
