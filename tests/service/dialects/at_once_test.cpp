// SPDX-License-Identifier: Apache-2.0
//
// Which requests are answered without waiting: hits, whatever the dialect, and what needs no look-up; and that their
// answers are those of everybody else.
#include <gtest/gtest.h>

#include "tests/service/testing/world.h"

namespace thimble::test {
namespace {

constexpr const char* kTcb = "/sgx/certification/v4/tcb";

class AtOnce : public testing::Test {
 protected:
  AtOnce() { w_.Start(); }
  static http::Request Asking(std::string path, std::string query = "") {
    http::Request request;
    request.method = "GET";
    request.path = std::move(path);
    request.query = std::move(query);
    request.headers = {{"host", "localhost"}};
    request.client = "127.0.0.1";
    return request;
  }
  std::optional<http::Response> Now(http::Request request) {
    auto response = w_.app->HandleAtOnce(request);
    EXPECT_TRUE(request.may_wait) << "it may be asked again";
    return response;
  }
  std::string Metrics() { return w_.app->Handle(Asking("/metrics")).content->body(); }

  World w_;
  const std::string tcb_query_ = std::string("fmspc=") + sim::kServerFmspc;
};

TEST_F(AtOnce, AHitIsAndAMissIsNot) {
  for (const auto& [path, query] : {std::pair<std::string, std::string>(kTcb, tcb_query_),
                                    {"/sgx/certification/v4/qe/identity", "update=standard"},
                                    {"/sgx/certification/v3/pckcrl", "ca=platform"},
                                    {"/sgx/certification/v4/rootcacrl", ""}}) {
    EXPECT_FALSE(Now(Asking(path, query))) << path;
    http::Response in_time = w_.app->Handle(Asking(path, query));
    ASSERT_EQ(in_time.status, 200) << path;
    const auto now = Now(Asking(path, query));
    ASSERT_TRUE(now) << path;
    EXPECT_EQ(now->status, 200);
    EXPECT_EQ(now->content, in_time.content) << "the same bytes, not a copy";
    EXPECT_EQ(now->headers, in_time.headers);
  }
}

TEST_F(AtOnce, EachRequestIsCountedOnce) {
  const std::string line =
      R"(thimble_requests_total{dialect="intel",method="GET",route="/sgx/certification/v4/tcb",code="200"} )";
  EXPECT_FALSE(Now(Asking(kTcb, tcb_query_)));
  EXPECT_EQ(Metrics().find(line), std::string::npos) << "nothing has been answered";
  (void)w_.app->Handle(Asking(kTcb, tcb_query_));
  EXPECT_NE(Metrics().find(line + "1\n"), std::string::npos) << Metrics();
  EXPECT_TRUE(Now(Asking(kTcb, tcb_query_)));
  EXPECT_NE(Metrics().find(line + "2\n"), std::string::npos);
}

TEST_F(AtOnce, WhatNeedsNoLookUpIsAnswered) {
  EXPECT_EQ(Now(Asking("/healthz"))->status, 200);
  EXPECT_EQ(Now(Asking("/no/such/route"))->status, 404);
  EXPECT_EQ(Now(Asking(kTcb, "fmspc=x"))->status, 400);
}

TEST_F(AtOnce, WhatReadsTheStoreOrComputesIsNot) {
  (void)w_.app->Handle(Asking(kTcb, tcb_query_));
  EXPECT_FALSE(Now(Asking(kTcb, tcb_query_ + "&at=2026-01-01T00:00:00Z")));
  for (const char* const path : {"/v1/status", "/metrics", "/readyz", "/"})
    EXPECT_FALSE(Now(Asking(path))) << path;
}

}  // namespace
}  // namespace thimble::test
