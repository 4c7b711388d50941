// SPDX-License-Identifier: Apache-2.0
#include "service/api/uvm_api.h"

#include "service/api/problem.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tcb/uvm/container.h"

namespace thimble {
namespace {

constexpr std::string_view kPath = "/v1/uvm/";

}  // namespace

void UvmApi::AddTo(http::Router& router) {
  router.Add({"GET", StrCat(kPath, "{sha256}"), {}, [this](const http::Request& request, const http::Query&) {
                return Get(request);
              }});
}

// Verified again: the store is not trusted.
http::Response UvmApi::Get(const http::Request& request) const {
  const std::string name = std::string(request.path.substr(kPath.size()));
  const auto sha256 = Digest256::FromHex(name);
  if (!sha256)
    return BadRequest(StrCat("\"", name, "\" is no SHA-256 in hex, as the result's claims.uvm.sha256"));
  const auto seen = seen_.Find(*sha256);
  if (!seen) return ProblemResponse(ProblemOf(seen.error()));
  const auto judged =
      *seen ? uvm::JudgeEndorsement((*seen)->endorsement, {}, nullptr) : Result<uvm::Judged>(Error{});
  if (!judged || judged->failed) {
    return ProblemResponse({.status = 404,
                            .title = "No such endorsement was seen",
                            .detail = StrCat("no decision of this server rested on ", sha256->hex(),
                                             ", or it was long ago: it keeps the newest"),
                            .check = std::string(CheckName(Check::kCollateralMissing))});
  }
  http::Response response = http::NoStore(200, "application/cose; cose-type=\"cose-sign1\"",
                                          std::string(AsText((*seen)->endorsement)));
  response.headers.emplace_back("X-Thimble-First-Seen", FormatRfc3339((*seen)->first_seen));
  return response;
}

}  // namespace thimble
