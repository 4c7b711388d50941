// SPDX-License-Identifier: Apache-2.0
//
// Each rule of a client's parser holds for a good answer and fails for one that differs in that point alone.
#include "service/cli/doctor/client_probes.h"

#include <gtest/gtest.h>

#include <functional>

#include "tcb/check.h"

namespace thimble {
namespace {

const ClientProbe kAll{.call = {.target = "/x"},
                       .chain_headers = {"old-chain", "chain"},
                       .content_type = "application/json",
                       .begins_with = "{",
                       .needs_max_age = true,
                       .needs_request_id = true,
                       .takes_all = true};

HttpResponse Good() {
  return {.status = 200,
          .headers = {{"chain", "x"},
                      {"content-type", "application/json"},
                      {"cache-control", "private, max-age=86400"},
                      {"request-id", "1"}},
          .body = {'{', '}'}};
}

void Set(HttpResponse& answer, std::string_view name, std::string_view value) {
  for (auto& [key, old] : answer.headers) {
    if (key == name) old = value;
  }
}
void Remove(HttpResponse& answer, std::string_view name) {
  std::erase_if(answer.headers, [&](const auto& header) { return header.first == name; });
}

TEST(ClientProbes, EachRuleFailsByItself) {
  EXPECT_TRUE(Judge(kAll, Good()).ok());
  struct Row {
    const char* said;
    std::function<void(HttpResponse&)> bend;
  };
  for (const Row& row : std::vector<Row>{
           {"HTTP 404", [](HttpResponse& a) { a.status = 404; }},
           {"empty", [](HttpResponse& a) { a.body.clear(); }},
           {"begins with 0x5b", [](HttpResponse& a) { a.body.front() = '['; }},
           {"no header chain", [](HttpResponse& a) { Remove(a, "chain"); }},
           {"application/json; charset=utf-8",
            [](HttpResponse& a) { Set(a, "content-type", "application/json; charset=utf-8"); }},
           {"left out: x", [](HttpResponse& a) { a.headers.emplace_back("x-thimble-refused", "x"); }},
           {"no header request-id", [](HttpResponse& a) { Remove(a, "request-id"); }},
           {"max-age=86401", [](HttpResponse& a) { Set(a, "cache-control", "max-age=86401"); }},
           {"no-store", [](HttpResponse& a) { Set(a, "cache-control", "no-store"); }},
           {"Cache-Control is \"\"", [](HttpResponse& a) { Remove(a, "cache-control"); }}}) {
    HttpResponse answer = Good();
    row.bend(answer);
    const Status judged = Judge(kAll, answer);
    ASSERT_FALSE(judged.ok()) << row.said;
    EXPECT_EQ(judged.error().check, Check::kUpstreamAnswer);
    EXPECT_NE(judged.error().message.find(row.said), std::string::npos) << judged.error().message;
  }
}

// Whoever has nothing says why, by a name that is known; and that is not that the request is wrong.
TEST(ClientProbes, ThereMayBeNothingForAReason) {
  const ClientProbe probe{.call = {.target = "/x"}, .may_have_nothing = true};
  HttpResponse answer{.status = 404, .headers = {{"x-thimble-cause", "pck.not_registered"}}, .body = {}};
  EXPECT_TRUE(Judge(probe, answer).ok());
  Set(answer, "x-thimble-cause", "pck_not_registered");
  EXPECT_FALSE(Judge(probe, answer).ok());
  Set(answer, "x-thimble-cause", "request.invalid");
  EXPECT_TRUE(Judge(probe, answer).ok()) << "an upstream's word";
  answer.status = 400;
  EXPECT_FALSE(Judge(probe, answer).ok());
  answer.status = 404;
  Remove(answer, "x-thimble-cause");
  EXPECT_FALSE(Judge(probe, answer).ok());
}

TEST(ClientProbes, SomethingMayHaveToBeRefused) {
  const ClientProbe probe{.call = {.target = "/x"}, .status = 414};
  HttpResponse answer;
  answer.status = 414;
  EXPECT_TRUE(Judge(probe, answer).ok());
  for (const int other : {200, 400, 431}) {
    answer.status = other;
    EXPECT_FALSE(Judge(probe, answer).ok()) << other;
  }
}

}  // namespace
}  // namespace thimble
