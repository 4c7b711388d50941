// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates from a cache that speaks as Intel's PCCS does. It has no `pckcerts`; its `pckcert` knows platforms by
// their QE id and gives one certificate, the one for the TCB that is named (spec/intel-pccs-api.md sections 4 and 10).
// Azure's cache is asked in the same words.
#pragma once

#include <string>
#include <string_view>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/intel_pck.h"
#include "fetchers/timing.h"
#include "fetchers/vendor_answer.h"
#include "tcb/intel/pck_tcb.h"

namespace thimble {

// "?qeid=...&cpusvn=...&pcesvn=...&pceid=...", and the encrypted PPID if the platform's proof is one.
std::string PckCertParameters(const PckQuery& query, const intel::PckTcb& raw);

// One certificate in PEM, and its TCBm in hex, as a set of one in the form of `pckcerts`.
Result<std::string> PckSetOfOne(const VendorAnswer& answer, std::string_view pem, std::string_view tcbm);

// Errors: upstream.not_found (404, 461 and 462: it does not hold the platform, or has no certificate for the TCB; also,
// without a request, for a query that names no QE id or no TCB), request.invalid (400), upstream.status (any other),
// upstream.unreachable, upstream.answer. No message, and no source, holds the encrypted PPID.
Result<Fetched> FetchPccsPck(HttpClient& client, const PckUpstream& upstream, const PckQuery& query,
                             SteadyTime deadline);

// Whether the upstream that answered a request for `pckcerts` with this error may be a cache that lacks that route.
bool MayLackPckCerts(const PckUpstream& upstream, const Error& error);

}  // namespace thimble
