// SPDX-License-Identifier: Apache-2.0
#include "service/cli/command_support.h"

#include "service/api/problem.h"
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

namespace {

// "+01:00", "-05:30": how far before the local time UTC is. RFC 3339 section 5.6.
std::optional<Seconds> ParseOffset(std::string_view text) {
  const auto digit = [&](size_t i) { return text[i] >= '0' && text[i] <= '9' ? text[i] - '0' : -1; };
  if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
  for (const size_t i : {1, 2, 4, 5}) {
    if (digit(i) < 0) return std::nullopt;
  }
  const int hours = digit(1) * 10 + digit(2), minutes = digit(4) * 10 + digit(5);
  if (hours > 23 || minutes > 59) return std::nullopt;
  const Seconds offset(hours * 3600 + minutes * 60);
  return text[0] == '+' ? offset : -offset;
}

// A date is its first second in UTC.
std::optional<Instant> ParseTime(std::string_view text) {
  constexpr size_t kDate = 10, kTime = 19, kOffset = 6;  // "2026-01-31", "2026-01-31T12:00:00", "+01:00"
  if (text.size() == kDate) return ParseRfc3339(StrCat(text, "T00:00:00Z"));
  if (text.size() != kTime + kOffset) return ParseRfc3339(text);
  const auto local = ParseRfc3339(StrCat(text.substr(0, kTime), "Z"));
  const auto offset = ParseOffset(text.substr(kTime));
  if (!local || !offset) return std::nullopt;
  return *local - *offset;
}

}  // namespace

Result<std::optional<Instant>> ParseTimeFlag(std::string_view flag, const std::optional<std::string>& text) {
  if (!text) return std::optional<Instant>();
  const auto at = ParseTime(*text);
  if (!at) {
    return Error{
        ErrorKind::kMalformed, Check::kRequest,
        StrCat(flag, " \"", *text,
               "\" is not a time like 2026-01-31T12:00:00Z, 2026-01-31T13:00:00+01:00 or 2026-01-31")};
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
