// SPDX-License-Identifier: Apache-2.0
#include "fetchers/retry.h"

#include <gtest/gtest.h>

#include "tests/fetchers/fakes.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;
using test::FakeClock;
using test::FakeHttp;
using test::Response;

// An upstream that plays a list of answers, the last one for ever.
struct Played {
  std::shared_ptr<FakeHttp> http = std::make_shared<FakeHttp>();
  FakeClock clock;
  std::vector<Result<HttpResponse>> answers;

  Result<HttpResponse> Send(std::chrono::milliseconds budget = milliseconds(60'000),
                            RetryOptions options = {}) {
    http->Otherwise([this](const HttpRequest&) {
      return answers.at(std::min(http->requests.size(), answers.size()) - 1);
    });
    RetryingHttpClient client(http, options, clock.timing());
    HttpRequest request;
    request.url = "http://127.0.0.1/";
    request.deadline = clock.now() + budget;
    return client.Send(request);
  }
  size_t requests() const { return http->requests.size(); }
};

TEST(Retry, OverTheTableOfStatuses) {
  for (const int status : {429, 500, 502, 503, 504}) {
    Played played;
    played.answers = {Response(status), Response(200)};
    EXPECT_EQ(played.Send()->status, 200) << status;
    EXPECT_EQ(played.requests(), 2u) << status;
  }
  for (const int status : {200, 204, 301, 304, 400, 401, 403, 404, 410, 418, 501, 505}) {
    Played played;
    played.answers = {Response(status), Response(200)};
    EXPECT_EQ(played.Send()->status, status);
    EXPECT_EQ(played.requests(), 1u) << status;
  }
}

TEST(Retry, UnreachableIsTriedAgainARefusedAnswerIsNot) {
  Played unreachable;
  unreachable.answers = {UpstreamError(Check::kUpstreamUnreachable, "refused"), Response(200)};
  EXPECT_TRUE(unreachable.Send().ok());
  for (const Check check : {Check::kUpstreamAnswer, Check::kRequest, Check::kUpstreamStatus}) {
    Played refused;
    refused.answers = {UpstreamError(check, "too long"), Response(200)};
    EXPECT_FALSE(refused.Send().ok());
    EXPECT_EQ(refused.requests(), 1u);
  }
}

TEST(Retry, IsBounded) {
  Played played;
  played.answers = {Response(503)};
  RetryOptions options;
  options.max_retries = 4;
  EXPECT_EQ(played.Send(milliseconds(600'000), options)->status, 503);
  EXPECT_EQ(played.requests(), 5u);
}

TEST(Retry, WaitsLongerEachTimeWithJitter) {
  RetryOptions options;
  options.max_retries = 1;
  options.first_wait = milliseconds(1000);
  std::vector<int64_t> waits;
  for (options.seed = 1; options.seed <= 20; ++options.seed) {
    Played played;
    played.answers = {Response(503), Response(200)};
    (void)played.Send(milliseconds(60'000), options);
    EXPECT_GE(played.clock.slept(), milliseconds(500));
    EXPECT_LE(played.clock.slept(), milliseconds(1000));
    waits.push_back(played.clock.slept().count());
  }
  EXPECT_NE(*std::ranges::min_element(waits), *std::ranges::max_element(waits));

  options.max_retries = 3;
  Played played;
  played.answers = {Response(503)};
  (void)played.Send(milliseconds(60'000), options);
  EXPECT_GE(played.clock.slept(), milliseconds(500 + 1000 + 2000));
}

TEST(Retry, HonoursRetryAfterInSeconds) {
  Played played;
  played.answers = {Response(429, "", {{"retry-after", "7"}}), Response(200)};
  EXPECT_EQ(played.Send()->status, 200);
  EXPECT_EQ(played.clock.slept(), milliseconds(7000));
}

TEST(Retry, HonoursRetryAfterAsADate) {
  Played played;
  played.answers = {
      Response(429, "",
               {{"date", "Sun, 06 Nov 1994 08:49:37 GMT"}, {"retry-after", "Sun, 06 Nov 1994 08:49:48 GMT"}}),
      Response(200)};
  EXPECT_EQ(played.Send()->status, 200);
  EXPECT_EQ(played.clock.slept(), milliseconds(11'000));
}

TEST(Retry, RetryAfterForms) {
  const auto wish = [](const char* value) { return RetryAfter(Response(429, "", {{"retry-after", value}})); };
  EXPECT_EQ(wish("0"), milliseconds(0));
  EXPECT_EQ(wish("120"), milliseconds(120'000));
  for (const char* bad :
       {"", "-1", "1.5", "soon", "99999999999", "Sun, 06 Nov 1994 08:49:48 GMT" /* no Date */}) {
    EXPECT_FALSE(wish(bad)) << bad;
  }
  EXPECT_FALSE(RetryAfter(Response(429)));
}

TEST(Retry, RetryAfterIsCapped) {
  Played played;
  played.answers = {Response(429, "", {{"retry-after", "86400"}}), Response(200)};
  EXPECT_EQ(played.Send(milliseconds(3'600'000))->status, 200);
  EXPECT_EQ(played.clock.slept(), milliseconds(60'000));
}

TEST(Retry, NeverWaitsBeyondTheDeadline) {
  Played played;
  played.answers = {Response(429, "", {{"retry-after", "7"}}), Response(200)};
  EXPECT_EQ(played.Send(milliseconds(7000))->status, 429);
  EXPECT_EQ(played.clock.slept(), milliseconds(0));
  EXPECT_EQ(played.requests(), 1u);

  Played in_time;
  in_time.answers = played.answers;
  EXPECT_EQ(in_time.Send(milliseconds(7001))->status, 200);
}

// Pacing below it refuses the retry: what the vendor said stays the answer.
TEST(Retry, AnAnswerIsNotReplacedByARefusalToAsk) {
  Played played;
  played.answers = {Response(503), UpstreamError(Check::kUpstreamStatus, "paced")};
  EXPECT_EQ(played.Send()->status, 503);
}

// A host that is down is asked once a request, until it answers; another host is none of its business.
TEST(Retry, AHostThatIsDownIsAskedOnceARequest) {
  FakeClock clock;
  const auto http = std::make_shared<FakeHttp>();
  RetryingHttpClient client(http, {}, clock.timing());
  const auto requests_for = [&](const std::string& host, const Result<HttpResponse>& answer) {
    http->Otherwise([answer](const HttpRequest&) { return answer; });
    const size_t before = http->requests.size();
    HttpRequest request;
    request.url = "http://" + host + "/";
    request.deadline = clock.now() + milliseconds(60'000);
    (void)client.Send(request);
    return http->requests.size() - before;
  };
  const Result<HttpResponse> refused = UpstreamError(Check::kUpstreamUnreachable, "refused");
  EXPECT_EQ(requests_for("127.0.0.1", refused), 3u);
  EXPECT_EQ(requests_for("127.0.0.1", refused), 1u);
  EXPECT_EQ(requests_for("127.0.0.1", Response(503)), 1u);
  EXPECT_EQ(requests_for("127.0.0.2", Response(503)), 3u);
  EXPECT_EQ(requests_for("127.0.0.1", Response(404)), 1u) << "it answers";
  EXPECT_EQ(requests_for("127.0.0.1", Response(503)), 3u);
  EXPECT_EQ(requests_for("127.0.0.3", Response(429)), 3u);
  EXPECT_EQ(requests_for("127.0.0.3", Response(429)), 3u) << "\"later\" is said by who is up";
}

}  // namespace
}  // namespace thimble
