// SPDX-License-Identifier: Apache-2.0
//
// Many pieces of evidence in one run: on all cores, answered in order, a line each.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "service/cli/evidence/answer.h"

namespace thimble {

// The files of a directory by their names, or those that a list names, one a line; "#" begins a remark. Paths in a list
// are relative to where the process runs. request.invalid when there are none.
Result<std::vector<std::string>> FilesNamedBy(const std::string& directory_or_list);

// `judge` is called from several threads. 0 when all are accepted; 1 when one is rejected; else the exit code of the
// first without a verdict.
ExitCode VerifyEach(const std::vector<std::string>& files,
                    const std::function<Answer(const std::string& file)>& judge, bool json);

}  // namespace thimble
