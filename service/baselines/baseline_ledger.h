// SPDX-License-Identifier: Apache-2.0
//
// Where several replicas agree on the baselines in force (service/shared/).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tcb/base/result.h"

namespace thimble {

struct AgreedBaseline {
  std::string name;
  std::string state;   // as BaselineBook writes it down
  int64_t number = 0;  // of its last change; 0: of none
};

// Thread-safe. Errors (kUnavailable, store.io): it cannot be reached, or not in time; nobody knows then what came of it.
class BaselineLedger {
 public:
  virtual ~BaselineLedger() = default;
  enum class Needs : uint8_t { kNobody, kAllReplicas };
  // Puts this state in place of the one with this number: the number of the change. nullopt: another is there by now, or one
  // that not all replicas have acknowledged yet. What needs all of them is undone after a while unless it is settled.
  virtual Result<std::optional<int64_t>> Replace(const AgreedBaseline& next, Needs needs) = 0;
  // Waits until each replica that is there has acknowledged the change. Errors besides: one has not, and it was undone.
  virtual Status Settle(const std::string& name, int64_t number) = 0;
};

}  // namespace thimble
