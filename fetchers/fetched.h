// SPDX-License-Identifier: Apache-2.0
//
// What a fetch brings: not authenticated yet.
#pragma once

#include <string>

#include "tcb/base/result.h"
#include "tcb/check.h"
#include "tcb/collateral_item.h"

namespace thimble {

struct Fetched {
  CollateralBytes bytes;
  std::string source;         // the URL it came from
  std::string upstream = {};  // the upstream behind it, as configured
};

// The errors of fetchers are all kUnavailable: they say nothing about the evidence.
inline Error UpstreamError(Check check, std::string message) {
  return {ErrorKind::kUnavailable, check, std::move(message)};
}

}  // namespace thimble
