// SPDX-License-Identifier: Apache-2.0
//
// Which peers are on this host.
#pragma once

#include <algorithm>
#include <string_view>

#include "service/ascii.h"

namespace thimble::http {

// 127.0.0.0/8, which a listener on [::] sees as ::ffff:127.0.0.1; ::1; and "unix", the peer of a Unix socket.
inline bool IsLoopbackPeer(std::string_view address) {
  if (address == "unix" || address == "::1") return true;
  constexpr std::string_view kMapped = "::ffff:";
  if (address.starts_with(kMapped)) address.remove_prefix(kMapped.size());
  return address.starts_with("127.") &&
         std::all_of(address.begin(), address.end(), [](char c) { return IsDigit(c) || c == '.'; });
}

}  // namespace thimble::http
