// SPDX-License-Identifier: Apache-2.0
//
// Which code, body and cause each error has in the dialect of PCCS.
#include "service/dialects/pccs_answers.h"

#include <gtest/gtest.h>

#include "tcb/check.h"

namespace thimble {
namespace {

struct Case {
  Error error;
  int status;
  std::string_view body, cause;
};

std::string_view BodyOf(const http::Response& response) {
  return response.content ? std::string_view(response.content->body()) : std::string_view();
}

TEST(PccsAnswers, EachErrorHasItsCodeBodyAndCause) {
  constexpr std::string_view kNoData = "No cache data for this platform.";
  using enum ErrorKind;
  for (const auto& [error, status, body, cause] : std::vector<Case>{
           {{kUnavailable, Check::kModeForbidsFetch, ""}, 404, kNoData, "mode.forbids_fetch"},
           {{kUnavailable, Check::kPckNotRegistered, ""}, 404, kNoData, "pck.not_registered"},
           {{kUnavailable, Check::kPckNoCertForTcb, ""}, 404, kNoData, "pck.no_cert_for_tcb"},
           {{kUnavailable, Check::kUpstreamNotFound, ""}, 404, kNoData, "upstream.not_found"},
           {{kUnavailable, Check::kUpstreamKey, ""}, 404, kNoData, "upstream.key"},
           {{kUnavailable, Check::kRequest, "the vendor's"}, 404, kNoData, "request.invalid"},
           {{kMalformed, Check::kRequest, ""}, 400, "Invalid request parameters.", "request.invalid"},
           {{kUnavailable, Check::kUpstreamUnreachable, ""}, 503, "", "upstream.unreachable"},
           {{kUnavailable, Check::kUpstreamStatus, ""}, 503, "", "upstream.status"},
           {{kUnavailable, Check::kTcbInfoSignature, ""}, 503, "", "tcb_info.signature"},
           {{kInternal, Check::kStoreIo, ""}, 500, "Internal server error occurred.", "store.io"},
       }) {
    const http::Response response = pccs::RefusalOf(error);
    EXPECT_EQ(response.status, status) << cause;
    EXPECT_EQ(BodyOf(response), body) << cause;
    EXPECT_EQ(response.Header("X-Thimble-Cause"), cause);
    EXPECT_EQ(response.Header("Cache-Control"), "no-store") << "Azure's client fails without it";
  }
}

TEST(PccsAnswers, A503HasNoBodyWhateverItsReason) {
  const http::Response response = pccs::NotNow({ErrorKind::kUnavailable, Check::kModeForbidsFetch, ""});
  EXPECT_EQ(response.status, 503);
  EXPECT_EQ(BodyOf(response), "");
}

}  // namespace
}  // namespace thimble
