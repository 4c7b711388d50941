// SPDX-License-Identifier: Apache-2.0
//
// Problem objects (RFC 9457): how own routes answer errors, and what --json prints for exits 1, 3 and 4.
#pragma once

#include <string>
#include <string_view>

#include "service/http/role.h"
#include "service/http/types.h"
#include "tcb/base/result.h"
#include "tcb/verdict.h"

namespace thimble {

struct Problem {
  int status = 500;
  std::string title;
  std::string detail;
  std::string check;                 // the failed check, or the named cause
  const CheckLog* checks = nullptr;  // the checks so far, when a verification had begun
  std::string impact = {};           // of a promotion that was not made: its report, as JSON
};

Problem ProblemOf(const Error& error, const CheckLog* checks = nullptr);
std::string ProblemJson(const Problem& problem);
http::Response ProblemResponse(const Problem& problem);
// The request does not show who has this role: 401.
http::Response Unauthorized(Role role);
// As many of them as may be are under way: 503, server.busy, with Retry-After. "batches"
http::Response BusyWith(std::string_view what);
// A request that cannot be understood: 400, request.invalid.
http::Response BadRequest(std::string_view detail);

}  // namespace thimble
