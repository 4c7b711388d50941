// SPDX-License-Identifier: Apache-2.0
//
// `thimble impact --reports DIR`: the SNP reports of a directory by the floors and policy that hold, and by those that
// are tried. All in this process: neither reports nor paths leave it.
#pragma once

#include "service/cli/cli.h"

namespace thimble {

ExitCode RunOnReports(const ImpactOptions& options);

}  // namespace thimble
