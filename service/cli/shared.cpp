// SPDX-License-Identifier: Apache-2.0
#include "service/cli/client/server_choice.h"
#include "service/cli/command_support.h"
#include "service/cli/commands.h"
#include "service/shared/database.h"
#include "tcb/base/text.h"
#include "tcb/check.h"

namespace thimble {

ExitCode Run(const SharedMigrateOptions& options) {
  const auto config = EffectiveConfig(WithInstalled(options.flags));
  if (!config) return Fail(config.error(), false);
  if (config->shared.url.empty()) {
    return Fail(
        {ErrorKind::kMalformed, Check::kRequest, "the configuration has no [shared] url: give it one"},
        false);
  }
  const auto before = Database(config->shared).Migrate();
  if (!before) return Fail(before.error(), false);
  PrintLine(*before == kSharedSchema ? StrCat("schema ", kSharedSchema, ": nothing to do")
                                     : StrCat("schema ", kSharedSchema, ", it was ", *before));
  return ExitCode::kDone;
}

}  // namespace thimble
