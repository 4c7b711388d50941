// SPDX-License-Identifier: Apache-2.0
//
// One GET of a vendor and the judgement of its status, the same for all vendors.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "fetchers/http_client.h"
#include "fetchers/timing.h"
#include "tcb/collateral_key.h"

namespace thimble {

struct VendorRequest {
  std::string url;
  size_t max_body = 0;
  bool allow_http = false;
  SteadyTime deadline = SteadyTime::max();
  std::vector<std::pair<std::string, std::string>> headers = {};
  std::string item_class = {};
  std::string shown = {};  // what stands for the URL in messages and as the source; empty: itself
};

// "intel/tcb", "amd/vcek": the kind of item, as KeyName() begins.
std::string ItemClassOf(const CollateralKey& key);

// A response of status 200, and the URL that it answers.
struct VendorAnswer {
  HttpResponse response;
  std::string url;  // as shown

  // upstream.answer: a 200 that is not what was asked for.
  Error NotAsked(std::string_view why) const;
};

// The first of these headers, percent-decoded to PEM; upstream.answer when there is none. Names are in lower case:
// PCS and caches have changed theirs.
Result<std::string> IssuerChain(const VendorAnswer& answer, std::initializer_list<std::string_view> names);

// Sends, and has errors of the client name `shown` where they would name the URL: it may hold what identifies a
// platform.
Result<HttpResponse> SendShown(HttpClient& client, const HttpRequest& request, std::string_view shown);

// Errors: the client's; upstream.not_found for 404 and 410, upstream.status for every other status than 200.
Result<VendorAnswer> Ask(HttpClient& client, const VendorRequest& request);

// True for the upstream.not_found of what the vendor once had: an evaluation data number that is retired
// (HTTP 410).
bool IsRetired(const Error& error);

}  // namespace thimble
