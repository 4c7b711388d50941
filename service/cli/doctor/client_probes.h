// SPDX-License-Identifier: Apache-2.0
//
// The requests of known clients, to the letter, and what each client's parser needs of the answer: what
// `thimble doctor --client NAME` sends and judges by (spec/intel-qcnl-client.md, spec/azure-thim.md section 3).
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "fetchers/http_client.h"
#include "tcb/base/result.h"
#include "tcb/intel/ids.h"

namespace thimble {

// What is empty or false is not looked at.
struct ClientProbe {
  std::string target;
  std::vector<std::string_view> chain_headers = {};  // the client reads the first of these that is there
  std::string_view content_type = {};                // compared letter for letter
  std::string_view begins_with = {};                 // the body
  bool needs_max_age = false;                        // Cache-Control: max-age of a day at most
  bool needs_request_id = false;
  bool may_have_nothing = false;  // any status but that of a request which is not understood
};

struct KnownClient {
  std::string_view name;  // of --client
  std::vector<ClientProbe> (*probes)(const intel::Fmspc& fmspc);
};

std::span<const KnownClient> KnownClients();
// Null: none of this name.
const KnownClient* FindClient(std::string_view name);

// Errors: upstream.answer, with what is there and what the client needs.
Status Judge(const ClientProbe& probe, const HttpResponse& answer);

}  // namespace thimble
