// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"

#include "service/api/problem.h"
#include "service/support/time_text.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
Result<Config> EffectiveConfig(const ConfigFlags& flags) {
  Config config;
  if (flags.config) {
    TRY_ASSIGN(config, LoadConfig(*flags.config));
  }
  if (flags.listen) config.server.listen = *flags.listen;
  if (flags.data) config.cache.data = *flags.data;
  if (flags.pcs_url) {
    TRY_ASSIGN(Upstream upstream, CheckedUpstream(Vendor::kIntel, {.url = *flags.pcs_url}));
    config.intel_upstreams = {std::move(upstream)};
  }
  if (flags.kds_url) {
    TRY_ASSIGN(Upstream upstream, CheckedUpstream(Vendor::kAmd, {.url = *flags.kds_url}));
    config.amd_upstreams = {std::move(upstream)};
  }
  config.server.anchors.insert(config.server.anchors.end(), flags.anchors.begin(), flags.anchors.end());
  TRY(CheckConfig(config));
  return config;
}

Result<std::optional<Instant>> ParseTimeFlag(std::string_view flag, const std::optional<std::string>& text) {
  if (!text) return std::optional<Instant>();
  const auto at = ParseTimeText(*text);
  if (!at) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(flag, " \"", *text, "\" is not ", kTimeTextLike)};
  }
  return at;
}

Result<std::optional<amd::Product>> ParseProductFlag(const std::optional<std::string>& text) {
  if (!text) return std::optional<amd::Product>();
  const auto product = amd::ProductFromName(*text);
  if (!product) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat("--product \"", *text, "\" is not Milan, Genoa, Bergamo, Siena or Turin")};
  }
  return product;
}

ExitCode Fail(const Error& error, bool json, const CheckLog* checks) {
  const ExitCode code = ExitCodeOf(error);
  if (json) {
    PrintJson(ProblemJson(ProblemOf(error, checks)));
  } else if (code == ExitCode::kUsage) {
    PrintError(error.message);
  } else {
    PrintError(StrCat(CheckName(error.check), ": ", error.message));
  }
  return code;
}

Error ErrorOf(const HttpResponse& answer) {
  std::string detail;
  std::optional<Check> check = CheckFromName(answer.Header("x-thimble-cause").value_or(""));
  const auto document = json::Document::Parse(AsText(answer.body), "answer", ErrorKind::kUnavailable,
                                              Check::kUpstreamAnswer, json::kManyValues);
  if (document) {
    const json::Value root = (*document)->root();
    if (const auto text = root.GetString("detail")) detail = *text;
    if (const auto name = root.GetString("check")) check = CheckFromName(*name);
  } else {
    detail = AsText(answer.body);
    while (detail.ends_with('\n') || detail.ends_with('\r')) detail.pop_back();
  }
  return ErrorOfStatus(answer.status, check,
                       StrCat("HTTP ", answer.status, detail.empty() ? "" : ": ", detail));
}

ExitCode Fail(const HttpResponse& answer, bool json) {
  const Error error = ErrorOf(answer);
  const bool problem = answer.Header("content-type") == "application/problem+json";
  if (!json || !problem) return Fail(error, json);
  PrintJson(AsText(answer.body));
  return ExitCodeOf(error);
}

ExitCode PrintAnswer(const Result<HttpResponse>& answer, bool json,
                     Result<Lines> (*explain)(std::string_view)) {
  if (!answer) return Fail(answer.error(), json);
  if (answer->status != 200) return Fail(*answer, json);
  const std::string_view body = AsText(answer->body);
  if (json) {
    PrintJson(body);
    return ExitCode::kDone;
  }
  const auto text = explain(body);
  if (!text) return Fail(text.error(), false);
  Print(*text);
  return ExitCode::kDone;
}

}  // namespace thimble
