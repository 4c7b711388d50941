// SPDX-License-Identifier: Apache-2.0
#include "service/command_support.h"
#include "service/commands.h"
#include "service/version.h"
#include "tcb/base/text.h"

namespace thimble {

ExitCode Run(const VersionOptions&) {
  PrintLine(StrCat("thimble ", kVersion));
  return ExitCode::kDone;
}

}  // namespace thimble
