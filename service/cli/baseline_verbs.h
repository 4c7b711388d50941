// SPDX-License-Identifier: Apache-2.0
//
// The verbs about reference values: baseline, impact, floors.
#pragma once

#include <CLI/CLI.hpp>

#include "service/cli/cli.h"

namespace thimble {

void AddBaseline(CLI::App& app, BaselineOptions& options);
void AddImpact(CLI::App& app, ImpactOptions& options);
void AddFloors(CLI::App& app, FloorsOptions& options);

}  // namespace thimble
