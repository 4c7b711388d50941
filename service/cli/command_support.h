// SPDX-License-Identifier: Apache-2.0
//
// What the commands have in common: the configuration that holds, and how results and errors leave the process.
// Results go to stdout, diagnostics to stderr.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fetchers/http_client.h"
#include "service/cli/cli.h"
#include "service/config/config.h"
#include "service/support/error_status.h"
#include "service/support/terminal.h"
#include "tcb/base/result.h"
#include "tcb/verdict.h"

namespace thimble {

// The file if one is named, then the flags; checked.
Result<Config> EffectiveConfig(const ConfigFlags& flags);

// request.invalid for what is no date and no time of RFC 3339, with its offset; `flag` is named in the message. nullopt when there is no text.
Result<std::optional<Instant>> ParseTimeFlag(std::string_view flag, const std::optional<std::string>& text);

// request.invalid for what is no product of AMD's.
Result<std::optional<amd::Product>> ParseProductFlag(const std::optional<std::string>& text);

// An error that ends a command: the problem object on stdout with --json, or a line on stderr.
ExitCode Fail(const Error& error, bool json, const CheckLog* checks = nullptr);

// The error that an answer of a Thimble stands for: what its problem object says, or its status alone.
Error ErrorOf(const HttpResponse& answer);
// The same for an answer that a command ends with: its problem object is printed as it is with --json.
ExitCode Fail(const HttpResponse& answer, bool json);

// What a Thimble answered to a command: the JSON as it is, or the text that `explain` makes of it.
ExitCode PrintAnswer(const Result<HttpResponse>& answer, bool json,
                     Result<Lines> (*explain)(std::string_view));

}  // namespace thimble
