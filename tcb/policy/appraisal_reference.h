// SPDX-License-Identifier: Apache-2.0
//
// The references of Intel's appraisal policies: the keys of each class, into the rules of a Policy. A key that is
// absent is not asked; one that is not of the class is refused by name. Internal to tcb/intel.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "tcb/base/json.h"
#include "tcb/base/result.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/policy.h"

namespace thimble::intel {

inline Error MalformedPolicy(std::string_view message) {
  return {ErrorKind::kMalformed, Check::kPolicyFormat, StrCat("appraisal policy: ", message)};
}

// A value's error, with the key it is of.
template <class T>
Result<T> OfKey(std::string_view key, Result<T> value) {
  if (value) return value;
  return Error{value.error().kind, value.error().check, StrCat(value.error().message, ": ", key)};
}

// ASCII letters alone.
std::string Lower(std::string_view text);

// What platforms and quoting enclaves have in common. Each key is a rule of its own and all have to hold; that
// Intel's library rejects every platform under some combinations (min_eval_num beside a grace period) is not copied.
struct TcbReference {
  std::vector<TcbStatus> accepted;
  std::optional<uint64_t> collateral_grace, platform_grace, min_evaluation;

  // A policy that asks for an evaluation number alone asks for it instead of freshness. One that speaks of neither
  // gets our default: nothing expired.
  Seconds CollateralGrace() const {
    if (collateral_grace) return Seconds(*collateral_grace);
    return min_evaluation ? kUnlimitedGrace : Seconds(0);
  }
  // Only where OutOfDate is accepted is there something to bound.
  std::optional<Seconds> PlatformGrace() const {
    const bool out_of_date =
        std::find(accepted.begin(), accepted.end(), TcbStatus::kOutOfDate) != accepted.end();
    return platform_grace && out_of_date ? std::optional(Seconds(*platform_grace)) : std::nullopt;
  }
};

Status ReadPlatform(const json::Value& reference, Policy& policy);
Result<TcbReference> ReadTdQe(const json::Value& reference);
// The quoting enclave's own status, date and number; collateral is judged as a whole, by the stricter period.
void ApplyTdQe(const TcbReference& qe, Policy& policy);
Status ReadEnclave(const json::Value& reference, Policy& policy);
Status ReadTd(const json::Value& reference, EvidenceClass evidence, Policy& policy);

}  // namespace thimble::intel
