// SPDX-License-Identifier: Apache-2.0
//
// What the process says when it ends (DESIGN section 4).
#pragma once

#include "tcb/base/result.h"

namespace thimble {

enum class ExitCode : int {
  kDone = 0,         // accepted, or done
  kRejected = 1,     // authentic or not, the decision is reject
  kUsage = 2,        // the command line, the configuration or a file named there is wrong
  kUnavailable = 3,  // something that is needed is missing or unreachable; never a verdict
  kMalformed = 4,    // the evidence or the collateral cannot be decoded
};

constexpr ExitCode ExitCodeOf(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::kMalformed:
      return ExitCode::kMalformed;
    case ErrorKind::kRejected:
      return ExitCode::kRejected;
    case ErrorKind::kUnavailable:
    case ErrorKind::kInternal:
      break;
  }
  return ExitCode::kUnavailable;
}

}  // namespace thimble
