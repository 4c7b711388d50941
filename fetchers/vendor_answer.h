// SPDX-License-Identifier: Apache-2.0
//
// One GET of a vendor and the judgement of its status, the same for all vendors.
#pragma once

#include <string>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/timing.h"

namespace thimble {

struct VendorRequest {
  std::string url;
  size_t max_body = 0;
  bool allow_http = false;
  SteadyTime deadline = SteadyTime::max();
};

// A response of status 200, and the URL that it answers.
struct VendorAnswer {
  HttpResponse response;
  std::string url;

  // upstream.answer: a 200 that is not what was asked for.
  Error NotAsked(std::string_view why) const;
};

// Errors: the client's; upstream.not_found for 404 and 410, upstream.status for every other status than 200.
Result<VendorAnswer> Ask(HttpClient& client, const VendorRequest& request);

// True for the upstream.not_found of what the vendor once had: an evaluation data number that is retired
// (HTTP 410).
bool IsRetired(const Error& error);

}  // namespace thimble
