// SPDX-License-Identifier: Apache-2.0
//
// One request of a known client, to the letter, and what the client's parser needs of the answer.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "fetchers/http_client.h"
#include "service/cli/thimble_client.h"
#include "tcb/base/result.h"

namespace thimble {

// What is empty or false is not looked at.
struct ClientProbe {
  ThimbleClient::Call call;
  std::string name = {};  // of a request whose target alone does not say what it is
  int status = 200;       // what it has to be
  std::vector<std::string_view> chain_headers = {};  // the client reads the first of these that is there
  std::string_view content_type = {};                // compared letter for letter
  std::string_view begins_with = {};                 // the body
  bool needs_max_age = false;                        // Cache-Control: max-age of a day at most
  bool needs_request_id = false;
  bool takes_all = false;  // of what was sent nothing is left out
  // Nobody may have it: then a request that was understood is told why, by the name of a check.
  bool may_have_nothing = false;
};

// Errors: upstream.answer, with what is there and what the client needs.
Status Judge(const ClientProbe& probe, const HttpResponse& answer);

}  // namespace thimble
