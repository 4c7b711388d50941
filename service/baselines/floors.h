// SPDX-License-Identifier: Apache-2.0
//
// The floor documents that baselines name: minimum TCBs for SEV-SNP (tcb/amd/floor_document.h).
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>

#include "service/baselines/baseline_book.h"
#include "tcb/amd/floor_document.h"
#include "tcb/base/result.h"
#include "tcb/policy.h"

namespace thimble {

// What `amd` of a baseline names: "builtin", the path of a file, or "" for none (null). Errors: policy.format, "FILE:
// what is wrong"; request.invalid for a file that cannot be read.
Result<amd::FloorsPtr> LoadFloors(const std::string& setting);

using Policies = std::map<std::string, Policy, std::less<>>;

// That of every baseline can be read, and has the levels that policies name: to be found at the start, not with the
// first report.
Status CheckFloors(const Baselines& baselines, const Policies& policies);

// Each document is read when it is first asked for, and then kept. Thread-safe.
class Floors {
 public:
  Result<amd::FloorsPtr> Get(const std::string& setting);

 private:
  std::mutex mutex_;
  std::map<std::string, amd::FloorsPtr> documents_;
};

}  // namespace thimble
