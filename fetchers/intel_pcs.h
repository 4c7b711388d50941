// SPDX-License-Identifier: Apache-2.0
//
// Fetches one item from Intel's PCS v4, or from a cache that speaks as it does (spec/intel-pccs-api.md
// sections 4, 10).
#pragma once

#include <string>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/intel_crl_addresses.h"
#include "fetchers/timing.h"

namespace thimble {

struct IntelUpstream {
  std::string base;  // normalised
  bool allow_http = false;
  RootCrlAddresses root_crls = {};
};

// Errors: upstream.unreachable, upstream.status (429, 5xx, any other status), upstream.not_found (404; 410,
// which IsRetired() in vendor_answer.h tells), upstream.answer (no issuer chain, not JSON, not a CRL).
Result<Fetched> FetchIntel(HttpClient& client, const IntelUpstream& upstream, const CollateralKey& key,
                           SteadyTime deadline);

}  // namespace thimble
