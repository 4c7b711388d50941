// SPDX-License-Identifier: Apache-2.0
#include "service/support/peer_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <array>

#include "tcb/base/ascii.h"
#include "tcb/base/text.h"

namespace thimble::http {
namespace {

std::string_view WithoutMapping(std::string_view address) {
  constexpr std::string_view kMapped = "::ffff:";
  if (address.starts_with(kMapped) && address.find('.') != std::string_view::npos)
    address.remove_prefix(kMapped.size());
  return address;
}

}  // namespace

bool IsLoopbackPeer(std::string_view address) {
  if (address == "unix" || address == "::1" || address == kCommandLine) return true;
  address = WithoutMapping(address);
  return address.starts_with("127.") &&
         std::all_of(address.begin(), address.end(), [](char c) { return IsDigit(c) || c == '.'; });
}

std::string PeerCountedAs(std::string_view address) {
  const std::string_view unmapped = WithoutMapping(address);
  const size_t zone = std::min(unmapped.find('%'), unmapped.size());  // RFC 4007 section 11
  const std::string text(unmapped.substr(0, zone));
  std::array<uint8_t, 16> bytes{};
  if (text.find(':') == std::string::npos || ::inet_pton(AF_INET6, text.c_str(), bytes.data()) != 1)
    return std::string(unmapped);
  std::fill(bytes.begin() + 8, bytes.end(), uint8_t{0});
  std::array<char, INET6_ADDRSTRLEN> network{};
  ::inet_ntop(AF_INET6, bytes.data(), network.data(), network.size());
  return StrCat(std::string_view(network.data()), unmapped.substr(zone), "/64");
}

}  // namespace thimble::http
