// SPDX-License-Identifier: Apache-2.0
#include "service/anchors.h"
#include "service/command_support.h"
#include "service/commands.h"
#include "service/floors.h"
#include "service/tls.h"
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
  if (!config->server.tls_certificate.empty()) {
    const auto tls = http::TlsContext::Load(
        {config->server.tls_certificate, config->server.tls_key, config->server.client_ca});
    if (!tls) {
      Complain(StrCat(options.file, ": ", tls.error().message));
      return ExitCode::kUsage;
    }
  }
  if (const Status floors = CheckFloors(*config); !floors) {
    Complain(StrCat(options.file, ": ", floors.error().message));
    return ExitCode::kUsage;
  }
  PrintLine(StrCat(options.file, ": ok"));
  return ExitCode::kDone;
}

}  // namespace thimble
