// SPDX-License-Identifier: Apache-2.0
//
// Fetches one item from AMD's KDS v1 (spec/amd-sev-snp.md a).
#pragma once

#include <functional>
#include <string>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/timing.h"

namespace thimble {

struct AmdUpstream {
  std::string base;
  bool allow_http = false;
};

// Brings the chain (PEM: ASK or ASVK, then ARK) that VCEKs and CRLs are authenticated with.
using AmdChainFunction = std::function<Result<std::string>(const AmdChainKey& key, SteadyTime deadline)>;

// `chain` empty: the chain is asked of the same upstream, one more request. Errors as for Intel; a VCEK of an
// all-zero hwid (a masked chip id) is upstream.not_found without a request.
Result<Fetched> FetchAmd(HttpClient& client, const AmdUpstream& upstream, const AmdChainFunction& chain,
                         const CollateralKey& key, SteadyTime deadline);

}  // namespace thimble
