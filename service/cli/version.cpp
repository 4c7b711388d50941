// SPDX-License-Identifier: Apache-2.0
#include "service/support/version.h"

#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "tcb/base/text.h"

namespace thimble {

ExitCode Run(const VersionOptions&) {
  PrintLine(StrCat("thimble ", kVersion));
  return ExitCode::kDone;
}

}  // namespace thimble
