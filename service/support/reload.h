// SPDX-License-Identifier: Apache-2.0
//
// What a running server reloads from its configuration, and how the last reload ended.
#pragma once

#include <map>
#include <string>

#include "service/support/snapshot.h"
#include "tcb/base/time.h"
#include "tcb/policy.h"

namespace thimble {

// Shared, not copied, by the requests that use one.
using Policies = std::map<std::string, PolicyPtr, std::less<>>;
using ConfiguredPolicies = std::map<std::string, Policy, std::less<>>;
inline Policies SharedPolicies(const ConfiguredPolicies& configured) {
  Policies policies;
  for (const auto& [name, policy] : configured) policies[name] = std::make_shared<const Policy>(policy);
  return policies;
}

struct ReloadOutcome {
  Instant at{};
  std::string refused;  // why; empty: taken, or never asked for
};

}  // namespace thimble
