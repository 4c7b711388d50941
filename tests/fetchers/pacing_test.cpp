// SPDX-License-Identifier: Apache-2.0
#include "fetchers/pacing.h"

#include <gtest/gtest.h>

#include "tests/fetchers/fakes.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;
using test::FakeClock;
using test::FakeHttp;
using test::Response;

const PacingOptions kKds{milliseconds(10'000), milliseconds(60'000)};

struct Paced {
  std::shared_ptr<FakeHttp> http = std::make_shared<FakeHttp>();
  FakeClock clock;
  PacingHttpClient client;

  explicit Paced(PacingOptions options = kKds) : client(http, options, clock.timing()) {
    http->Otherwise([](const HttpRequest&) -> Result<HttpResponse> { return Response(200); });
  }
  Result<HttpResponse> Send(const std::string& url, milliseconds budget = milliseconds(5000),
                            const std::string& item_class = "") {
    HttpRequest request;
    request.url = url;
    request.item_class = item_class;
    request.deadline = clock.now() + budget;
    return client.Send(request);
  }
};

TEST(Pacing, AdmitsOneIdenticalRequestAnInterval) {
  Paced paced;
  EXPECT_TRUE(paced.Send("https://kds/a").ok());
  paced.clock.Tick(milliseconds(4000));
  const auto refused = paced.Send("https://kds/a");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().check, Check::kUpstreamStatus);
  EXPECT_EQ(paced.http->requests.size(), 1u);
  paced.clock.Tick(milliseconds(6000));
  EXPECT_TRUE(paced.Send("https://kds/a").ok());
  EXPECT_EQ(paced.clock.slept(), milliseconds(0));
}

TEST(Pacing, OtherRequestsPass) {
  Paced paced;
  EXPECT_TRUE(paced.Send("https://kds/a?x=1").ok());
  EXPECT_TRUE(paced.Send("https://kds/a?x=2").ok());
}

TEST(Pacing, WaitsForATurnBeforeTheDeadline) {
  Paced paced;
  EXPECT_TRUE(paced.Send("https://kds/a").ok());
  paced.clock.Tick(milliseconds(6000));
  EXPECT_TRUE(paced.Send("https://kds/a", milliseconds(4001)).ok());
  EXPECT_EQ(paced.clock.slept(), milliseconds(4000));
  // The turn that was waited for counts too.
  paced.clock.Tick(milliseconds(9000));
  EXPECT_FALSE(paced.Send("https://kds/a", milliseconds(1000)).ok());
}

TEST(Pacing, ARequestThatGotNoAnswerDoesNotCount) {
  Paced paced;
  paced.http->On("https://kds/a", test::Unreachable);
  EXPECT_FALSE(paced.Send("https://kds/a").ok());
  paced.http->On("https://kds/a", Response(200));
  EXPECT_TRUE(paced.Send("https://kds/a").ok());
}

TEST(Pacing, LaterForOneItemIsLaterForItsClassAlone) {
  Paced paced;
  const milliseconds budget(5000);
  paced.http->On("https://kds/a", Response(429, "", {{"retry-after", "60"}}));
  EXPECT_EQ(paced.Send("https://kds/a", budget, "amd/vcek")->status, 429);
  EXPECT_FALSE(paced.Send("https://kds/b", budget, "amd/vcek").ok());
  EXPECT_TRUE(paced.Send("https://kds/c", budget, "amd/crl").ok());
  EXPECT_TRUE(paced.Send("https://other/b", budget, "amd/vcek").ok());
  EXPECT_EQ(paced.http->requests.size(), 3u);
  paced.clock.Tick(milliseconds(60'000));
  EXPECT_TRUE(paced.Send("https://kds/b", budget, "amd/vcek").ok());
}

TEST(Pacing, AHostThatSaysLaterIsLeftAlone) {
  Paced paced;
  paced.http->On("https://kds/a", Response(429, "", {{"retry-after", "60"}}));
  EXPECT_EQ(paced.Send("https://kds/a")->status, 429);
  paced.clock.Tick(milliseconds(30'000));
  EXPECT_FALSE(paced.Send("https://kds/b").ok());
  EXPECT_TRUE(paced.Send("https://other/b").ok());
  EXPECT_EQ(paced.http->requests.size(), 2u);
  paced.clock.Tick(milliseconds(30'000));
  EXPECT_TRUE(paced.Send("https://kds/b").ok());
}

TEST(Pacing, RetryAfterOfAGoodAnswerIsNoPause) {
  Paced paced;
  paced.http->On("https://kds/a", Response(200, "", {{"retry-after", "60"}}));
  EXPECT_TRUE(paced.Send("https://kds/a").ok());
  EXPECT_TRUE(paced.Send("https://kds/b").ok());
}

TEST(Pacing, APauseIsCapped) {
  Paced paced;
  paced.http->On("https://kds/a", Response(503, "", {{"retry-after", "86400"}}));
  (void)paced.Send("https://kds/a");
  paced.clock.Tick(milliseconds(54'999));
  EXPECT_FALSE(paced.Send("https://kds/b").ok());
  paced.clock.Tick(milliseconds(5'001));
  EXPECT_TRUE(paced.Send("https://kds/b").ok());
}

TEST(Pacing, WithoutAnIntervalIdenticalRequestsPass) {
  Paced paced{PacingOptions{}};
  EXPECT_TRUE(paced.Send("https://pcs/a").ok());
  EXPECT_TRUE(paced.Send("https://pcs/a").ok());
}

}  // namespace
}  // namespace thimble
