// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/doctor.h"
#include "service/config/anchors.h"
#include "service/support/log.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

constexpr std::string_view kCommonFmspc = "00806F050000";  // a server platform with SGX and TDX

std::string Line(const Symptom& symptom) {
  return StrCat(symptom.ok ? "ok    " : "FAIL  ", symptom.where, "  ", symptom.what, "  ", symptom.detail);
}

std::string Json(const Doctor& doctor, std::string_view recipes) {
  std::string out;
  json::Writer json(&out);
  json.BeginObject().Key("well").Bool(doctor.well()).Key("symptoms").BeginArray();
  for (const Symptom& symptom : doctor.diagnosis()) {
    json.BeginObject()
        .Key("where")
        .String(symptom.where)
        .Key("what")
        .String(symptom.what)
        .Key("ok")
        .Bool(symptom.ok)
        .Key("detail")
        .String(symptom.detail)
        .EndObject();
  }
  json.EndArray().Key("recipes").String(recipes).EndObject();
  return out;
}

Error NoSuchClient(std::string_view name) {
  std::string known;
  for (const KnownClient& client : KnownClients()) known += StrCat(known.empty() ? "" : ", ", client.name);
  return {ErrorKind::kMalformed, Check::kRequest, StrCat("--client: \"", name, "\" is none of ", known)};
}

}  // namespace

ExitCode Run(const DoctorOptions& options) {
  SetLogLevel(LogLevel::kError);
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
  const std::string url = options.server.value_or(
      StrCat(config->server.tls_certificate.empty() ? "http://" : "https://", config->server.listen));
  auto server = ThimbleClient::AtUrl(url, options.flags);
  if (!server) return Fail(server.error(), options.json);

  const KnownClient* const client = FindClient(options.client.value_or("qcnl"));
  if (client == nullptr) return Fail(NoSuchClient(*options.client), options.json);

  Doctor doctor(*anchors, *std::move(root_crls), *fmspc, [&](const Symptom& symptom) {
    if (!options.json) PrintLine(Line(symptom));
  });
  if (!options.client) {
    for (const Upstream& upstream : config->intel_upstreams) doctor.CheckUpstream(Vendor::kIntel, upstream);
    for (const Upstream& upstream : config->amd_upstreams) doctor.CheckUpstream(Vendor::kAmd, upstream);
  }
  doctor.CheckServer(*server, *client);
  const std::string recipes = ClientRecipes(url);
  if (options.json) {
    PrintJson(Json(doctor, recipes));
  } else {
    Print({"", StrCat("For clients of ", url, ":"), ""});
    Print(Lines::Of(recipes));
  }
  return doctor.well() ? ExitCode::kDone : ExitCode::kUnavailable;
}

}  // namespace thimble
