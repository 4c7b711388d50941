// SPDX-License-Identifier: Apache-2.0
#include <iostream>
#include <string>

#include "service/cli/commands.h"
#include "service/http/roles.h"
#include "service/support/terminal.h"

namespace thimble {

// From standard input: on a command line, others could read it.
ExitCode Run(const HashTokenOptions&) {
  std::string token;
  if (!std::getline(std::cin, token) || token.empty()) {
    PrintError("hash-token reads the token from standard input, one line: it was empty");
    return ExitCode::kUsage;
  }
  PrintLine(TokenDigest(token).hex());
  return ExitCode::kDone;
}

}  // namespace thimble
