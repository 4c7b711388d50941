// SPDX-License-Identifier: Apache-2.0
//
// The misbehaviours of simulated vendors, by name. The list and what each means is in sim_vendor_server.h.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace thimble::sim {

// How the answer travels.
enum class Transport : uint8_t { kNormal, kHang, kTruncate, kEndless, kHtml };

// What is wrong with the collateral in it.
enum class Twist : uint8_t {
  kNone,
  kWrongFmspc,
  kWrongTee,
  kWrongCa,
  kBadSignature,
  kBadContent,
  kNoChain,
  kWrongChain,
  kForged,
  kRollback,
  kLowerNumber,
  kExpired,
  kWrongChip,
  kWrongTcb,
  kReversed,
  kRevoked,
  kAskCrl,
};

struct VendorMode {
  Transport transport = Transport::kNormal;
  Twist twist = Twist::kNone;
  std::chrono::milliseconds delay{0};
  int status = 0;  // 0: the vendor's own
  std::optional<int> retry_after = {};
};

std::optional<VendorMode> ParseVendorMode(std::string_view text);

}  // namespace thimble::sim
