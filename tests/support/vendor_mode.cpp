// SPDX-License-Identifier: Apache-2.0
#include "tests/support/vendor_mode.h"

#include <charconv>
#include <utility>

namespace thimble::sim {
namespace {

constexpr std::pair<std::string_view, Transport> kTransports[] = {{"ok", Transport::kNormal},
                                                                  {"hang", Transport::kHang},
                                                                  {"truncate", Transport::kTruncate},
                                                                  {"endless", Transport::kEndless},
                                                                  {"html", Transport::kHtml}};
constexpr std::pair<std::string_view, Twist> kTwists[] = {
    {"wrong-fmspc", Twist::kWrongFmspc}, {"wrong-tee", Twist::kWrongTee},
    {"wrong-ca", Twist::kWrongCa},       {"bad-signature", Twist::kBadSignature},
    {"bad-content", Twist::kBadContent}, {"no-chain", Twist::kNoChain},
    {"wrong-chain", Twist::kWrongChain}, {"forged", Twist::kForged},
    {"rollback", Twist::kRollback},      {"lower-number", Twist::kLowerNumber},
    {"expired", Twist::kExpired},        {"wrong-chip", Twist::kWrongChip},
    {"wrong-tcb", Twist::kWrongTcb},     {"reversed", Twist::kReversed},
    {"revoked", Twist::kRevoked},        {"ask-crl", Twist::kAskCrl}};

std::optional<int> ParseCount(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

// "delay:MS", "429:N".
std::optional<VendorMode> ParseWithArgument(std::string_view name, std::string_view argument) {
  const auto count = ParseCount(argument);
  if (!count) return std::nullopt;
  if (name == "delay") return VendorMode{.delay = std::chrono::milliseconds(*count)};
  if (name == "429") return VendorMode{.status = 429, .retry_after = *count};
  return std::nullopt;
}

}  // namespace

std::optional<VendorMode> ParseVendorMode(std::string_view text) {
  if (const size_t colon = text.find(':'); colon != std::string_view::npos) {
    return ParseWithArgument(text.substr(0, colon), text.substr(colon + 1));
  }
  for (const auto& [name, transport] : kTransports) {
    if (name == text) return VendorMode{.transport = transport};
  }
  for (const auto& [name, twist] : kTwists) {
    if (name == text) return VendorMode{.twist = twist};
  }
  const auto status = ParseCount(text);
  if (!status || *status < 300 || *status > 599) return std::nullopt;
  return VendorMode{.status = *status};
}

}  // namespace thimble::sim
