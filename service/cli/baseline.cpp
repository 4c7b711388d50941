// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <charconv>

#include "service/baselines/impact_report.h"
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

// What is no number goes as it is: the server says what is right.
std::string PromotionOf(const BaselineOptions& options) {
  std::string body;
  if (!options.accept_refusals) return body;
  const std::string& text = *options.accept_refusals;
  uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_number = error == std::errc() && end == text.data() + text.size();
  json::Writer json(&body);
  json.BeginObject();
  json.Key("accept_refusals");
  is_number ? json.Unsigned(number) : json.String(text);
  json.EndObject();
  return body;
}

Status WriteUvm(json::Writer& json, const std::vector<std::string>& minimums) {
  json.BeginObject();
  for (const std::string& minimum : minimums) {
    if (minimum.empty() && minimums.size() == 1) break;
    const size_t equals = std::min(minimum.rfind('='), minimum.size());
    uint32_t svn = 0;
    const char* const begin = minimum.data() + std::min(equals + 1, minimum.size());
    const char* const all = minimum.data() + minimum.size();
    const auto [end, error] = std::from_chars(begin, all, svn);
    if (equals == 0 || error != std::errc() || end != all)
      return Error{ErrorKind::kMalformed, Check::kRequest,
                   StrCat("--uvm: \"", minimum, "\" must be FEED=SVN, as ContainerPlat-AMD-UVM=104")};
    json.Key(minimum.substr(0, equals)).Unsigned(svn);
  }
  json.EndObject();
  return {};
}

Result<ThimbleClient::Call> CallOf(const BaselineOptions& options) {
  const std::string base = StrCat("/v1/baselines/", PercentEncode(options.name));
  switch (options.action) {
    case Action::kPromote:
      return ThimbleClient::Call{.method = "POST", .target = base + "/promote", .body = PromotionOf(options)};
    case Action::kRollBack:
      return ThimbleClient::Call{.method = "POST", .target = base + "/rollback"};
    case Action::kCandidate: {
      ThimbleClient::Call call{.method = "PUT", .target = base + "/candidate"};
      json::Writer json(&call.body);
      json.BeginObject();
      if (options.intel) json.Key("intel").String(*options.intel);
      if (options.amd) json.Key("amd").String(*options.amd);
      if (!options.uvm.empty()) TRY(WriteUvm(json.Key("uvm"), options.uvm));
      json.EndObject();
      return call;
    }
    case Action::kList:
      break;
  }
  return ThimbleClient::Call{.target = "/v1/baselines"};
}

Result<std::string> DefinitionText(const json::Value& definition) {
  TRY_ASSIGN(const std::string_view intel, definition.GetString("intel"));
  TRY_ASSIGN(const std::string_view amd, definition.GetString("amd"));
  TRY_ASSIGN(const std::string uvm, UvmText(definition));
  return StrCat("intel \"", intel, "\", amd \"", amd, "\"", uvm);
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
  TRY_ASSIGN(const auto offered, document->root().FindString("intel_offers"));
  if (offered) out.Add(StrCat("Intel offers: ", *offered));
  return out;
}

// A promotion that was not made: why on stderr, and which platforms on stdout.
ExitCode PrintDeclined(const HttpResponse& answer, bool json) {
  const std::string_view body = AsText(answer.body);
  if (json) {
    PrintJson(body);
    return ExitCode::kRejected;
  }
  const auto document =
      json::Document::Parse(body, "answer", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  if (!document) return Fail(document.error(), false);
  const json::Value root = (*document)->root();
  const auto impact = root.Get("impact");
  const auto text = impact ? ImpactText(*impact) : Result<Lines>(impact.error());
  if (!text) return Fail(text.error(), false);
  Print(*text);
  PrintError(ErrorOf(answer).message);
  return ExitCode::kRejected;
}

}  // namespace

ExitCode Run(const BaselineOptions& options) {
  SetLogLevel(LogLevel::kError);
  const Storage storage = options.action == Action::kList ? Storage::kReadOnly : Storage::kExisting;
  auto client = ThimbleClient::Open(options.flags, options.server, storage);
  if (!client) return Fail(client.error(), options.json);
  auto call = CallOf(options);
  if (!call) return Fail(call.error(), options.json);
  const auto answer = client->Send(*std::move(call));
  if (answer && answer->status == 409) return PrintDeclined(*answer, options.json);
  return PrintAnswer(answer, options.json, BaselinesText);
}

}  // namespace thimble
