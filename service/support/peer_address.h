// SPDX-License-Identifier: Apache-2.0
//
// What a peer's address tells: whether it is on this host, and who it is to limits.
#pragma once

#include <string>
#include <string_view>

namespace thimble::http {

// The peer of a request that a command makes of the service in its own process.
inline constexpr std::string_view kCommandLine = "command line";

// 127.0.0.0/8, which a listener on [::] sees as ::ffff:127.0.0.1; ::1; and "unix", the peer of a Unix socket.
// Also kCommandLine.
bool IsLoopbackPeer(std::string_view address);

// Whom limits count a peer as. Who has an address of IPv6 has its whole /64 ("2001:db8:0:1::/64"; RFC 6177), so that
// counts as one, as has each link its link-local ones ("fe80::%eth0/64"); an IPv4 address that is mapped into IPv6 counts as itself, and what is no address as it is written.
std::string PeerCountedAs(std::string_view address);

}  // namespace thimble::http
