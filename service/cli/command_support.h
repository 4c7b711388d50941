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
#include "service/cli/exit_code.h"
#include "service/config/config.h"
#include "service/support/terminal.h"
#include "tcb/base/result.h"
#include "tcb/verdict.h"

namespace thimble {

// The file if one is named, then the flags; checked.
Result<Config> EffectiveConfig(const ConfigFlags& flags);

// request.invalid for what is not RFC 3339; `flag` is named in the message. nullopt when there is no text.
Result<std::optional<Instant>> ParseTimeFlag(std::string_view flag, const std::optional<std::string>& text);

// request.invalid for what is no product of AMD's.
Result<std::optional<amd::Product>> ParseProductFlag(const std::optional<std::string>& text);

// An error that ends a command. A wrong command line, file name or configuration is a line on stderr and kUsage;
// all else is the problem object on stdout with --json, or a line on stderr, and the error's own exit code.
ExitCode Fail(const Error& error, bool json, const CheckLog* checks = nullptr);

// What a Thimble answered to a command: the JSON as it is, or the text that `explain` makes of it. A refusal is a
// problem object: 4xx means that the command is wrong.
ExitCode PrintAnswer(const Result<HttpResponse>& answer, bool json,
                     Result<Lines> (*explain)(std::string_view));

}  // namespace thimble
