// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>

#include "service/command_support.h"
#include "service/commands.h"
#include "service/roles.h"

namespace thimble {

// From standard input: on a command line, others could read it.
ExitCode Run(const HashTokenOptions&) {
  std::string token;
  if (!std::getline(std::cin, token) || token.empty()) {
    Complain("hash-token reads the token from standard input, one line: it was empty");
    return ExitCode::kUsage;
  }
  PrintLine(TokenDigest(token).hex());
  return ExitCode::kDone;
}

}  // namespace thimble
