// SPDX-License-Identifier: Apache-2.0
#include "service/anchors.h"
#include "service/command_support.h"
#include "service/commands.h"
#include "tcb/base/text.h"

namespace thimble {

ExitCode Run(const CheckConfigOptions& options) {
  const auto config = LoadConfig(options.file);
  if (!config) {
    Complain(config.error().message);
    return ExitCode::kUsage;
  }
  // Files that it names are part of it: a server would refuse to start without them.
  const auto anchors = ReadAnchors(config->server.anchors);
  if (!anchors) {
    Complain(StrCat(options.file, ": ", anchors.error().message));
    return ExitCode::kUsage;
  }
  PrintLine(StrCat(options.file, ": ok"));
  return ExitCode::kDone;
}

}  // namespace thimble
