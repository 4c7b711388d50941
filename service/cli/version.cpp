// SPDX-License-Identifier: Apache-2.0
#include "service/support/version.h"

#include "service/cli/commands.h"
#include "service/support/terminal.h"
#include "tcb/base/text.h"

namespace thimble {

ExitCode Run(const VersionOptions&) {
  PrintLine(StrCat("thimble ", kVersion));
  return ExitCode::kDone;
}

}  // namespace thimble
