// SPDX-License-Identifier: Apache-2.0
//
// Appraisal policies that clients of Intel's library fetch by FMSPC (spec/intel-pccs-api.md, "Appraisal policy").
// They are kept and given back as they came; nobody judges by them here. May not be lost: they have no other
// source.
//
//   policy/<FMSPC>/<id>   a policy; the id is the SHA-384 of its text
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "cache/store.h"
#include "tcb/intel/ids.h"

namespace thimble {

// Thread-safe.
class AppraisalPolicies {
 public:
  explicit AppraisalPolicies(std::shared_ptr<Store> store) : store_(std::move(store)) {}

  // A default takes the place of the default that this FMSPC had.
  Result<Digest384> Put(const intel::Fmspc& fmspc, std::string_view text, bool is_default);
  Result<std::vector<std::string>> Defaults(const intel::Fmspc& fmspc);

 private:
  const std::shared_ptr<Store> store_;
  std::mutex writing_;
};

}  // namespace thimble
