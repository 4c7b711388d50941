// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/doctor/doctor.h"
#include "service/cli/doctor/this_host.h"
#include "service/config/anchors.h"
#include "service/support/clock.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kCommonFmspc = "00806F050000";  // a server platform with SGX and TDX

Lines LinesOf(const Symptom& symptom) {
  std::string level(LevelName(symptom.level));
  level.resize(6, ' ');
  Lines out = {StrCat(level, symptom.where, "  ", symptom.what, "  ", symptom.detail)};
  if (!symptom.fix.empty()) out.Add(StrCat("      fix: ", symptom.fix));
  return out;
}

std::string Json(const Doctor& doctor, std::string_view recipes) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("well").Bool(doctor.well()).Key("symptoms").BeginArray();
  for (const Symptom& symptom : doctor.diagnosis()) {
    json.BeginObject().Key("where").String(symptom.where).Key("what").String(symptom.what);
    json.Key("level").String(LevelName(symptom.level));
    json.Key("ok").Bool(symptom.level != Symptom::Level::kFail);
    json.Key("detail").String(symptom.detail);
    if (!symptom.fix.empty()) json.Key("fix").String(symptom.fix);
    json.EndObject();
  }
  json.EndArray().Key("recipes").String(recipes).EndObject();
  return out;
}

Error NoSuchClient(std::string_view name) {
  std::string known;
  for (const KnownClient& client : KnownClients()) known += StrCat(known.empty() ? "" : ", ", client.name);
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("--client: \"", name, "\" is none of ", known)};
}

// What the server says of itself through its socket; or the store, where none runs on it and there is one.
Diagnosis LookAtState(const ConfigFlags& flags) {
  auto running = ThimbleClient::Running(flags, std::nullopt);
  if (!running) {
    auto config = EffectiveConfig(flags);
    if (!config) return {};
    if (const auto others = OfAnotherUser(config->cache.data, flags)) return {*others};
    auto store = App::Make(std::move(config).value(), {.storage = Storage::kReadOnly, .frozen_time = {}});
    if (store) return DiagnoseSummary((*store)->summary());
    if (store.error().check == Check::kRequest) return {};  // there is none yet, which is said already
    return {{"data", "opens", Symptom::Level::kFail, store.error().message, "docs/RELIABILITY.md"}};
  }
  const auto report = running->Status();
  if (!report)
    return {
        {"server itself", "status", Symptom::Level::kFail, report.error().message, "is it of this version?"}};
  return report->summary ? DiagnoseSummary(*report->summary) : Diagnosis{};
}

void LookAtAll(Doctor& doctor, const Config& config, const DoctorOptions& options, Instant now) {
  doctor.Add(LookAtProxies(config));
  for (const Upstream& upstream : config.intel_upstreams) doctor.CheckUpstream(Vendor::kIntel, upstream);
  for (const Upstream& upstream : config.amd_upstreams) doctor.CheckUpstream(Vendor::kAmd, upstream);
  if (options.server) return;  // that may be on another host
  doctor.Add(LookAtData(config, options.flags));
  doctor.Add(LookAtServing(config, now));
  doctor.Add(LookAtState(options.flags));
}

void ShowRecipes(const std::string& url, const std::string& recipes) {
  Print({"", StrCat("For clients of ", url, ":"), ""});
  Print(Lines::Of(recipes));
}

// As other commands find theirs; nullopt: that which this configuration makes.
Result<std::optional<ServerChoice>> ServerToAsk(const DoctorOptions& options) {
  TRY_ASSIGN(auto choice, NamedServer(options.flags, options.server));
  if (choice) return choice;
  return ServerOfFile(options.flags);
}

}  // namespace

ExitCode Run(const DoctorOptions& given) {
  SetLogLevel(LogLevel::kOff);  // what there is to say is a symptom
  DoctorOptions options = given;
  options.flags = WithInstalled(given.flags);
  const auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), options.json);
  const auto anchors = ReadAnchors(config->server.anchors);
  if (!anchors) return Fail(anchors.error(), options.json);
  auto root_crls = ReadRootCrlAddresses(config->server.anchors);
  if (!root_crls) return Fail(root_crls.error(), options.json);
  const auto fmspc = intel::Fmspc::FromHex(options.fmspc.value_or(std::string(kCommonFmspc)));
  if (!fmspc) {
    return Fail({ErrorKind::kMalformed, Check::kRequest, "--fmspc must be 12 hex digits"}, options.json);
  }
  const auto choice = ServerToAsk(options);
  if (!choice) return Fail(choice.error(), options.json);
  auto server = *choice ? ThimbleClient::Of(**choice)
                        : ThimbleClient::AtUrl(UrlFromHere(config->server), options.flags);
  if (!server) return Fail(server.error(), options.json);
  const auto at = ParseTimeFlag("--at", options.at);
  if (!at) return Fail(at.error(), options.json);
  const Instant now = at->value_or(Clock::WallTime());
  const KnownClient* const client = FindClient(options.client.value_or("qcnl"));
  if (client == nullptr) return Fail(NoSuchClient(*options.client), options.json);

  Doctor doctor(*anchors, *std::move(root_crls), *fmspc, now, [&](const Symptom& symptom) {
    if (!options.json) Print(LinesOf(symptom));
  });
  if (!options.client) LookAtAll(doctor, *config, options, now);
  doctor.CheckServer(*server, *client);
  const std::string url = options.server
                              ? *options.server
                              : UrlOfRecipes(*choice ? (*choice)->url : "", options.flags, config->server);
  const std::string recipes = ClientRecipes(url);
  if (options.json) {
    PrintJson(Json(doctor, recipes));
  } else {
    ShowRecipes(url, recipes);
  }
  return doctor.well() ? ExitCode::kDone : ExitCode::kUnavailable;
}

}  // namespace thimble
