// SPDX-License-Identifier: Apache-2.0
//
// Which FMSPCs Intel knows: `fmspcs` of the PCS v4 (spec/intel-pccs-api.md section 10). Nobody signs the list, and
// nothing is judged by it.
#pragma once

#include <string>
#include <string_view>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/timing.h"

namespace thimble {

struct FmspcsUpstream {
  std::string base;  // normalised
  bool allow_http = false;
};

// `platform`: "all", "client", "E3", "E5". The body is [{"fmspc","platform"}] without anything else that the answer may
// hold. Errors as of FetchIntel().
Result<Fetched> FetchFmspcs(HttpClient& client, const FmspcsUpstream& upstream, std::string_view platform,
                            SteadyTime deadline);

}  // namespace thimble
