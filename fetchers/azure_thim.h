// SPDX-License-Identifier: Apache-2.0
//
// Azure's Trusted Hardware Identity Management as an upstream (spec/azure-thim.md sections 1 and 2): the VCEK of
// the host this runs on, and single PCK certificates. Bases are link-local, plain HTTP and never proxied, or
// Azure's global cache. What comes is no more trusted than what comes from anywhere else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "fetchers/fetched.h"
#include "fetchers/http_client.h"
#include "fetchers/intel_pck.h"
#include "fetchers/timing.h"

namespace thimble {

// The base for AMD, "http://169.254.169.254", as an origin; that for Intel is one of a PCCS (NormalizeIntelBase):
// "http://169.254.169.254/metadata/THIM/sgx/certification/v4/", "https://global.acccache.azure.net/sgx/
// certification/v4/". nullopt: not a base.
std::optional<std::string> NormalizeThimBase(std::string_view base);

struct ThimUpstream {
  std::string base;  // normalised
  bool allow_http = false;
};

// A VCEK, or the chain that it is issued by. Azure knows this host's alone, and may be behind or ahead of its
// firmware: upstream.not_found when it is of another chip or TCB than the key, so that AMD's KDS is asked. Other
// keys are request.invalid.
Result<Fetched> FetchThimAmd(HttpClient& client, const ThimUpstream& upstream, const CollateralKey& key,
                             SteadyTime deadline);

// The VCEK of this host, whatever it is.
Result<Fetched> FetchThimHost(HttpClient& client, const ThimUpstream& upstream, SteadyTime deadline);

// The PCK certificate for the TCB that the query names, as a set of one in the form of `pckcerts`.
// upstream.not_found without a request when the query names no TCB.
Result<Fetched> FetchThimPck(HttpClient& client, const ThimUpstream& upstream, const PckQuery& query,
                             SteadyTime deadline);

}  // namespace thimble
