// SPDX-License-Identifier: Apache-2.0
#include "service/http/request_id.h"

#include <array>
#include <random>

#include "tcb/base/bytes.h"

namespace thimble {

std::string NewRequestId() {
  thread_local std::mt19937_64 generator = [] {
    std::random_device device;
    std::seed_seq seed{device(), device(), device(), device()};
    return std::mt19937_64(seed);
  }();
  std::array<uint8_t, 16> id;
  for (size_t half = 0; half < id.size(); half += 8) {
    const uint64_t bits = generator();
    for (size_t i = 0; i < 8; ++i) id.at(half + i) = static_cast<uint8_t>(bits >> (8 * i));
  }
  return HexLower(id);
}

}  // namespace thimble
