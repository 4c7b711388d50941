// SPDX-License-Identifier: Apache-2.0
//
// Whose form a path is in, for metrics.
#pragma once

#include <string_view>

namespace thimble {

constexpr std::string_view DialectName(std::string_view path) {
  if (path.starts_with("/metadata/THIM/") || path.starts_with("/SevSnpVM/")) return "azure";
  if (path.starts_with("/sgx/") || path.starts_with("/tdx/") || path.starts_with("/IntelSGXRootCA.")) {
    return "intel";
  }
  if (path.starts_with("/vcek/") || path.starts_with("/vlek/")) return "amd";
  return "own";
}

}  // namespace thimble
