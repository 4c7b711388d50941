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

using Action = BaselineOptions::Action;

ThimbleClient::Call CallOf(const BaselineOptions& options) {
  const std::string base = StrCat("/v1/baselines/", PercentEncode(options.name));
  switch (options.action) {
    case Action::kPromote:
      return {.method = "POST", .target = base + "/promote"};
    case Action::kRollBack:
      return {.method = "POST", .target = base + "/rollback"};
    case Action::kCandidate: {
      ThimbleClient::Call call{.method = "PUT", .target = base + "/candidate"};
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
  return {.target = "/v1/baselines"};
}

Result<std::string> DefinitionText(const json::Value& definition) {
  TRY_ASSIGN(const std::string_view intel, definition.GetString("intel"));
  TRY_ASSIGN(const std::string_view amd, definition.GetString("amd"));
  return StrCat("intel \"", intel, "\", amd \"", amd, "\"");
}

Result<std::string> VersionText(const json::Value& version) {
  TRY_ASSIGN(const uint64_t number, version.GetUnsigned("version", UINT32_MAX));
  TRY_ASSIGN(const std::string_view since, version.GetString("since"));
  TRY_ASSIGN(const std::string definition, DefinitionText(version));
  return StrCat("version ", number, ": ", definition, ", since ", since);
}

Result<Lines> StateText(const json::Value& state) {
  TRY_ASSIGN(const std::string_view name, state.GetString("name"));
  TRY_ASSIGN(const json::Value current, state.Get("current"));
  TRY_ASSIGN(const std::string current_text, VersionText(current));
  Lines out = {std::string(name), StrCat("  in force   ", current_text)};
  if (const auto candidate = state.Find("candidate")) {
    TRY_ASSIGN(const std::string text, DefinitionText(*candidate));
    out.Add(StrCat("  candidate  ", text));
  }
  TRY_ASSIGN(const auto versions, state.GetArray("past"));
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
  const Storage storage = options.action == Action::kList ? Storage::kReadOnly : Storage::kExisting;
  auto client = ThimbleClient::Open(options.flags, options.server, storage);
  if (!client) return Fail(client.error(), options.json);
  return PrintAnswer(client->Send(CallOf(options)), options.json, BaselinesText);
}

}  // namespace thimble
