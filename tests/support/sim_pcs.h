// SPDX-License-Identifier: Apache-2.0
//
// The answers of Intel's PCS v4 (spec/intel-pccs-api.md section 10), without the HTTP library: a target in, a
// reply out. Targets are parsed by the fetchers' own parser, so a URL that is wrong at Intel's is wrong here.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/recorded_collateral.h"
#include "tests/support/sim_intel.h"
#include "tests/support/vendor_mode.h"

namespace thimble::sim {

struct VendorReply {
  int status = 200;
  std::string content_type = "text/plain";
  std::vector<std::pair<std::string, std::string>> headers = {};
  Bytes body = {};
};

// What is behind the service at one moment. Evaluation data numbers below kOldestNumber are retired (410),
// those above kEarlyNumber unknown (404).
struct SimPcs {
  SimIntel intel;
  uint32_t standard = kStandardNumber, early = kEarlyNumber;
  RecordedCollateral recorded = {};  // goes first
  bool recovery = false;  // of sim_recovery.h: numbers 19 and 20 alone, and that platform beside the others
};

// nullopt: not a path of Intel's.
std::optional<VendorReply> AnswerPcs(const SimPcs& pcs, std::string_view target, Twist twist);

// %XX for all but unreserved characters, as encodeURIComponent does: "%20", "%2B", "%0A".
std::string PercentEncode(std::string_view text);

}  // namespace thimble::sim
