// SPDX-License-Identifier: Apache-2.0
#include "service/command_support.h"

#include <cstdio>

#include "service/problem.h"
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
  const auto at = ParseRfc3339(*text);
  if (!at) {
    return Error{ErrorKind::kMalformed, Check::kRequest,
                 StrCat(flag, " \"", *text, "\" is not a time like 2026-01-31T12:00:00Z")};
  }
  return at;
}

ExitCode Fail(const Error& error, bool json, const CheckLog* checks) {
  if (error.check == Check::kRequest || error.check == Check::kPolicyFormat) {
    Complain(error.message);
    return ExitCode::kUsage;
  }
  if (json) {
    PrintLine(ProblemJson(ProblemOf(error, checks)));
  } else {
    Complain(StrCat(CheckName(error.check), ": ", error.message));
  }
  return ExitCodeOf(error.kind);
}

void PrintText(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void PrintLine(std::string_view text) {
  PrintText(text);
  PrintText("\n");
}

void Complain(std::string_view text) {
  const std::string line = StrCat("thimble: ", text, "\n");
  std::fwrite(line.data(), 1, line.size(), stderr);
}

}  // namespace thimble
