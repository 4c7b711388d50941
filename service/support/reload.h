// SPDX-License-Identifier: Apache-2.0
//
// What a running server takes anew from its configuration, and what came of the last attempt.
#pragma once

#include <map>
#include <string>

#include "service/support/snapshot.h"
#include "tcb/base/time.h"
#include "tcb/policy.h"

namespace thimble {

using Policies = std::map<std::string, Policy, std::less<>>;

struct ReloadOutcome {
  Instant at{};
  std::string refused;  // why; empty: taken, or never asked for
};

}  // namespace thimble
