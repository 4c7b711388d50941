// SPDX-License-Identifier: Apache-2.0
//
// show, find and repeat of `thimble audit`.
#pragma once

#include <string>
#include <vector>

#include "service/cli/cli.h"
#include "tcb/base/result.h"

namespace thimble {

// The files of the trail that the options name. Errors: request.invalid, when there is none.
Result<std::vector<std::string>> TrailFiles(const AuditOptions& options);

// The same, with the number of the decision that the options name by a request. Errors: request.invalid, when there is
// none.
Result<AuditOptions> WithNumber(AuditOptions options);

ExitCode ShowRecord(const AuditOptions& options);
ExitCode FindRecords(const AuditOptions& options);
// 0: the same came of it; 1: something differs, and each difference is said.
ExitCode RepeatDecision(const AuditOptions& options);

}  // namespace thimble
