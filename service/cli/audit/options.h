// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <CLI/CLI.hpp>

#include "service/cli/cli.h"

namespace thimble {

void AddAudit(CLI::App& app, AuditOptions& options);

}  // namespace thimble
