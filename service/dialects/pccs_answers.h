// SPDX-License-Identifier: Apache-2.0
//
// What Intel's PCCS answers when it has nothing to give: codes and bodies to the byte (spec/intel-pccs-api.md
// section 3), and the cause, which it does not tell, in headers (service/http/cause.h).
#pragma once

#include <array>
#include <string_view>

#include "service/http/router.h"
#include "tcb/base/result.h"

namespace thimble::pccs {

// Where the routes of PCCS stand: its own place, and that of Azure's service.
inline constexpr std::array<std::string_view, 2> kRoots = {"", "/metadata/THIM"};

http::Response InvalidParameters(std::string_view detail = {});  // 400
http::Response Unauthorized();                                   // 401
http::Response Successful();                                     // 200 "Operation successful."
http::Response PlainText(std::string body);                      // 200
http::Response VersionRetired();                     // 410: what PCS v3 had and v4 data cannot answer
http::Response IntegrityFailed(const Error& error);  // 460
http::Response PlatformUnknown(const Error& error);  // 461
http::Response TooLarge(size_t limit);               // 413: an upload of more bytes
http::Response TooLong();                            // 500: Intel's client could not read it
http::Response NotNow(const Error& error);           // 503, with an empty body: see below
// 404 when it does not exist or cannot be had; 410 when it is retired; 460 when it is another platform's; 503 with an empty body when it may be
// had later, since Intel's client keeps the body of a 503 (spec/intel-qcnl-client.md, trap 1); 500.
http::Response RefusalOf(const Error& error);
// The page of PCCS's framework, for unknown paths and wrong methods alike.
http::Response NoSuchRoute(const http::Request& request);

// What every answer of the v3 routes bears.
http::Response WithVersion3Warning(http::Response response);
http::RouteHandler WithVersion3Warning(http::RouteHandler handler);

}  // namespace thimble::pccs
