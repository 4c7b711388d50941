// SPDX-License-Identifier: Apache-2.0
//
// Fetches the PCK certificates of a platform from Intel's PCS v4: `pckcerts`, by GET with the encrypted PPID or by
// POST with the platform manifest (spec/intel-pccs-api.md section 10). Only these calls need Intel's subscription
// key, and only they are sent it.
#pragma once

#include <optional>
#include <string>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/timing.h"
#include "tcb/intel/pck_tcb.h"
#include "tcb/intel/platform_id.h"
#include "tcb/intel/platform_proof.h"

namespace thimble {

// What is known of a platform. Vendors ask for its proof, caches for its name and the TCB it reports.
struct PckQuery {
  intel::PlatformId platform;
  std::optional<intel::PlatformProof> proof;
  std::optional<intel::PckTcb> raw;
};

struct PckUpstream {
  std::string base;  // normalised
  bool allow_http = false;
  std::string subscription_key;  // empty: none is sent
};

// Errors: upstream.unreachable; upstream.not_found (404: Intel does not know the platform; also, without a request,
// when there is no proof or an encrypted PPID of zeros); upstream.key (401, 403); request.invalid (400: Intel
// cannot read the proof); upstream.status (any other status); upstream.answer. No message, and no source, holds the
// proof.
Result<Fetched> FetchPckCerts(HttpClient& client, const PckUpstream& upstream, const PckQuery& query,
                              SteadyTime deadline);

}  // namespace thimble
