// SPDX-License-Identifier: Apache-2.0
#include "service/baselines/floors.h"
#include "service/cli/commands.h"
#include "service/config/anchors.h"
#include "service/config/config.h"
#include "service/http/tls.h"
#include "service/support/terminal.h"
#include "tcb/base/text.h"

namespace thimble {

ExitCode Run(const CheckConfigOptions& options) {
  const auto config = LoadConfig(options.file);
  if (!config) {
    PrintError(config.error().message);
    return ExitCode::kUsage;
  }
  // Files that it names are part of it: a server would refuse to start without them.
  const auto anchors = ReadAnchors(config->server.anchors);
  if (!anchors) {
    PrintError(StrCat(options.file, ": ", anchors.error().message));
    return ExitCode::kUsage;
  }
  if (!config->server.tls_certificate.empty()) {
    const auto tls = http::TlsContext::Load(
        {config->server.tls_certificate, config->server.tls_key, config->server.client_ca});
    if (!tls) {
      PrintError(StrCat(options.file, ": ", tls.error().message));
      return ExitCode::kUsage;
    }
  }
  if (const Status floors = CheckFloors(config->baselines, config->policies, config->floors); !floors) {
    PrintError(StrCat(options.file, ": ", floors.error().message));
    return ExitCode::kUsage;
  }
  if (const Status files = CheckSharedFiles(config->shared); !files) {
    PrintError(StrCat(options.file, ": ", files.error().message));
    return ExitCode::kUsage;
  }
  for (const auto& [name, policy] : config->policies)
    PrintLine(StrCat("policy ", name, "@", policy.sha256.hex()));  // as `verify-result --policy` takes it
  PrintLine(StrCat(options.file, ": ok"));
  return ExitCode::kDone;
}

}  // namespace thimble
