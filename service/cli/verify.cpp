// SPDX-License-Identifier: Apache-2.0
#include "tcb/verify.h"

#include "service/app.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/cli/thimble_client.h"
#include "service/config/anchors.h"
#include "service/results/explain.h"
#include "service/results/render.h"
#include "service/support/log.h"
#include "service/verification/evidence_files.h"
#include "service/verification/oe_endorsements.h"
#include "tcb/base/json.h"
#include "tcb/base/percent.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

Error WrongFlag(std::string message) { return {ErrorKind::kMalformed, Check::kRequest, std::move(message)}; }

Result<std::optional<Bytes>> ParseNonce(const std::optional<std::string>& text) {
  if (!text) return std::optional<Bytes>();
  auto bytes = FromHex(*text);
  if (!bytes || bytes->empty()) return WrongFlag("--nonce must be hex");
  return bytes;
}

Result<std::optional<Bytes>> ParseReportData(const std::optional<std::string>& text) {
  if (!text) return std::optional<Bytes>();
  auto bytes = FromHex(*text);
  if (!bytes || bytes->size() > ReportData::kSize) {
    return WrongFlag("--report-data must be hex of at most 64 bytes");
  }
  return bytes;
}

// The files beside evidence are of the evidence's kind. An HCL report may come with a TD quote, and that with its own.
Status ReadCollateral(const std::string& path, VerificationRequest& request) {
  TRY_ASSIGN(const EvidenceKind kind, DetectEvidence(request.evidence));
  if (kind == EvidenceKind::kQuote || kind == EvidenceKind::kOpenEnclave) {
    TRY_ASSIGN(request.collateral, ReadOeEndorsementsFile(path));
    request.plugin_evidence = request.collateral.has_value();
    if (!request.collateral) {
      TRY_ASSIGN(request.collateral, ReadIntelCollateral(path));
    }
    return {};
  }
  TRY_ASSIGN(AmdFiles files, ReadAmdCollateral(path));
  if (kind == EvidenceKind::kHclReport) {
    request.tpm_quote = std::move(files.tpm_quote);
    request.td_quote = std::move(files.td_quote);
  }
  if (request.td_quote) {
    TRY_ASSIGN(request.collateral, ReadIntelCollateral(path));
  } else {
    request.endorsements = std::move(files.endorsements);
  }
  return {};
}

Result<VerificationRequest> MakeRequest(const VerifyOptions& options, const Config& config) {
  VerificationRequest request;
  TRY_ASSIGN(request.evidence, ReadEvidence(options.evidence));
  TRY_ASSIGN(request.at, ParseTimeFlag("--at", options.at));
  TRY_ASSIGN(request.report_data, ParseReportData(options.report_data));
  TRY_ASSIGN(request.nonce, ParseNonce(options.nonce));
  TRY_ASSIGN(request.product, ParseProductFlag(options.product));
  request.policy = std::make_shared<const Policy>(config.policies.at("default"));
  request.baseline = config.baselines.at("default");
  if (options.policy) {
    TRY_ASSIGN(const PolicyFile file, LoadPolicyFile(*options.policy));
    request.policy = std::make_shared<const Policy>(file.policy);
    request.baseline = file.baseline;
  }
  if (options.collateral) TRY(ReadCollateral(*options.collateral, request));
  if (options.collateral) request.caller_collateral = CallerCollateral::kAny;
  if (!IsJudgedAsBrought(request)) request.baseline_name = "default";
  return request;
}

// The result, for people or as it is.
ExitCode PrintResult(std::string_view result_json, bool accept, bool json) {
  if (json) {
    PrintJson(result_json);
  } else {
    const auto text = ExplainResult(result_json);
    if (!text) return Fail(text.error(), false);
    Print(*text);
  }
  return accept ? ExitCode::kDone : ExitCode::kRejected;
}

ExitCode Finish(const VerificationRequest& request, const VerificationOutcome& outcome, bool json) {
  if (outcome.error) return Fail(*outcome.error, json, &outcome.verdict.checks);
  const ResultView view{outcome, *request.policy, request.baseline_name};
  return PrintResult(RenderResult(view), outcome.decision.accept, json);
}

ExitCode VerifyHere(const VerifyOptions& options) {
  auto config = EffectiveConfig(options.flags);
  if (!config) return Fail(config.error(), options.json);
  const auto request = MakeRequest(options, *config);
  if (!request) return Fail(request.error(), options.json);
  // What is brought is enough where it counts as it is; else it is held against what can be fetched.
  if (options.collateral && (request->at || ModeOf(*request) == CallerCollateral::kAny)) {
    const auto anchors = ReadAnchors(config->server.anchors);
    if (!anchors) return Fail(WrongFlag(anchors.error().message), options.json);
    auto floors = FloorRules::Read(config->floors);
    if (!floors) return Fail(floors.error(), options.json);
    const Clock clock;
    Verification verification(*anchors, nullptr, clock);
    verification.UseFloors(FloorsOfFiles(std::move(floors).value()));
    return Finish(*request, verification.Run(*request), options.json);
  }
  auto app = App::Make(std::move(config).value(), {.storage = Storage::kMemory, .frozen_time = {}});
  if (!app) return Fail(WrongFlag(app.error().message), options.json);
  return Finish(*request, (*app)->verification().Run(*request), options.json);
}

std::string TargetOf(const VerifyOptions& options) {
  std::string target = "/v1/verify";
  const auto add = [&target](std::string_view name, const std::optional<std::string>& value) {
    if (!value) return;
    target += StrCat(target.find('?') == std::string::npos ? '?' : '&', name, "=", PercentEncode(*value));
  };
  add("at", options.at);
  add("report_data", options.report_data);
  add("product", options.product);
  add("nonce", options.nonce);
  return target;
}

ExitCode FinishRemote(const HttpResponse& answer, bool json) {
  if (answer.status != 200) return Fail(answer, json);
  const std::string_view body = AsText(answer.body);
  const auto document =
      json::Document::Parse(body, "answer", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  if (!document) return Fail(document.error(), json);
  const auto decision = (*document)->root().GetString("decision");
  if (!decision) return Fail(decision.error(), json);
  return PrintResult(body, *decision == "accept", json);
}

ExitCode VerifyRemotely(const VerifyOptions& options) {
  auto client = ThimbleClient::AtUrl(*options.server);
  if (!client) return Fail(client.error(), options.json);
  const auto evidence = ReadEvidence(options.evidence);
  if (!evidence) return Fail(evidence.error(), options.json);
  const auto at = ParseTimeFlag("--at", options.at);
  if (!at) return Fail(at.error(), options.json);
  const auto report_data = ParseReportData(options.report_data);
  if (!report_data) return Fail(report_data.error(), options.json);
  const auto nonce = ParseNonce(options.nonce);
  if (!nonce) return Fail(nonce.error(), options.json);
  const auto product = ParseProductFlag(options.product);
  if (!product) return Fail(product.error(), options.json);
  const auto answer = client->Send({.method = "POST",
                                    .target = TargetOf(options),
                                    .body = std::string(AsText(*evidence)),
                                    .content_type = "application/octet-stream"});
  if (!answer) return Fail(answer.error(), options.json);
  return FinishRemote(*answer, options.json);
}

}  // namespace

ExitCode Run(const VerifyOptions& options) {
  SetLogLevel(LogLevel::kError);
  return options.server ? VerifyRemotely(options) : VerifyHere(options);
}

}  // namespace thimble
