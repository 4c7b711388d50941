// SPDX-License-Identifier: Apache-2.0
//
// What an error comes to: the HTTP status that it is answered with, the exit code of a command that ends with it, and
// back, the error that an answer with a status stands for. This is the one table of it (DESIGN section 4).
//
//   error                                              HTTP           exit
//   request.invalid, policy.format: what is asked for  400            2
//   any other that cannot be decoded                   400            4
//   refused                                            422            1
//   unavailable                                        503            3
//   internal                                           500            3
//   the role is missing                                401, 403       2
//   any other status of 4xx                                           2
//   429, any other status of 5xx, anything else                       3
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "tcb/base/result.h"
#include "tcb/check.h"

namespace thimble {

enum class ExitCode : int {
  kDone = 0,         // accepted, or done
  kRejected = 1,     // authentic or not, the decision is reject
  kUsage = 2,        // the command line, the request, the configuration or a file named there is wrong
  kUnavailable = 3,  // something that is needed is missing or unreachable; never a verdict
  kMalformed = 4,    // the evidence or the collateral cannot be decoded
};

int HttpStatusOf(ErrorKind kind);
ExitCode ExitCodeOf(const Error& error);

// `check`: the failed check, where the answer names one.
Error ErrorOfStatus(int status, std::optional<Check> check, std::string message);

std::optional<Check> CheckFromName(std::string_view name);

}  // namespace thimble
