// SPDX-License-Identifier: Apache-2.0
//
// Verdicts that were given, by what they are about, TEE, status, policy and decision.
#pragma once

#include <map>
#include <mutex>
#include <string>
#include <tuple>

#include "service/support/prometheus_text.h"
#include "service/verification/verification.h"

namespace thimble {

// Thread-safe.
class VerdictCounts {
 public:
  void Record(const VerificationRequest& request, const VerificationOutcome& outcome);
  void Write(PrometheusText& out) const;

 private:
  mutable std::mutex mutex_;  // a verification costs a thousand times as much
  std::map<std::tuple<std::string, std::string, std::string, std::string, std::string>, uint64_t> counts_;
};

}  // namespace thimble
