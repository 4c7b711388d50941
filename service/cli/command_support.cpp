// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"

#include "service/api/problem.h"
#include "tcb/base/json.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {
namespace {

// What a problem object says.
std::string DetailOf(std::string_view body) {
  const auto document =
      json::Document::Parse(body, "answer", ErrorKind::kUnavailable, Check::kUpstreamAnswer);
  if (!document) return "no detail";
  const auto detail = (*document)->root().Find("detail");
  const auto text = detail ? detail->String() : Result<std::string_view>(std::string_view("no detail"));
  return std::string(text ? *text : "no detail");
}

}  // namespace

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
  const auto at = ParseRfc3339(*text);
  if (!at) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(flag, " \"", *text, "\" is not a time like 2026-01-31T12:00:00Z")};
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
  if (error.check == Check::kRequest || error.check == Check::kPolicyFormat) {
    PrintError(error.message);
    return ExitCode::kUsage;
  }
  if (json) {
    PrintJson(ProblemJson(ProblemOf(error, checks)));
  } else {
    PrintError(StrCat(CheckName(error.check), ": ", error.message));
  }
  return ExitCodeOf(error.kind);
}

ExitCode PrintAnswer(const Result<HttpResponse>& answer, bool json,
                     Result<Lines> (*explain)(std::string_view)) {
  if (!answer) return Fail(answer.error(), json);
  const std::string_view body = AsText(answer->body);
  if (answer->status == 200) {
    if (json) {
      PrintJson(body);
      return ExitCode::kDone;
    }
    const auto text = explain(body);
    if (!text) return Fail(text.error(), false);
    Print(*text);
    return ExitCode::kDone;
  }
  const bool wrong = answer->status >= 400 && answer->status < 500;
  if (json && !wrong) {
    PrintJson(body);
  } else {
    PrintError(StrCat("HTTP ", answer->status, ": ", DetailOf(body)));
  }
  return wrong ? ExitCode::kUsage : ExitCode::kUnavailable;
}

}  // namespace thimble
