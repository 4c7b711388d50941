// SPDX-License-Identifier: Apache-2.0
#include "fetchers/upstreams.h"

#include <gtest/gtest.h>

#include "fetchers/intel_urls.h"
#include "fetchers/pacing.h"
#include "fetchers/vendor_answer.h"
#include "tests/fetchers/fakes.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;
using test::FakeClock;
using test::FakeHttp;
using test::Response;
using Kind = UpstreamEvent::Kind;

const std::string kFirst = "http://127.0.0.1:1/sgx/certification/v4/",
                  kSecond = "http://127.0.0.1:2/sgx/certification/v4/";
const CollateralKey kKey = EvaluationNumbersKey{IntelTee::kSgx};
const HttpResponse kGood =
    Response(200, "{}", {{"tcb-evaluation-data-numbers-issuer-chain", "-----BEGIN%20CERTIFICATE-----"}});

// Two upstreams of Intel's on a network that a test controls.
struct World {
  std::shared_ptr<FakeHttp> http = std::make_shared<FakeHttp>();
  FakeClock clock;
  std::vector<std::pair<Kind, std::string>> events;
  std::unique_ptr<Upstreams> upstreams;

  explicit World(std::vector<Upstream> intel = {{kFirst, false}, {kSecond, false}}) {
    UpstreamsOptions options;
    options.intel = std::move(intel);
    options.intel_breaker = {2, milliseconds(10'000)};
    auto made = Upstreams::Make(
        options, http, http,
        [this](const UpstreamEvent& event) { events.emplace_back(event.kind, std::string(event.upstream)); },
        clock.clock());
    upstreams = std::move(made).value();
  }
  static std::string Url(const std::string& base) { return IntelUrl(base, kKey); }
  Result<Fetched> Fetch(milliseconds budget = milliseconds(5000)) {
    return upstreams->Fetch(kKey, clock.now() + budget);
  }
  size_t Asked(const std::string& base) const {
    return static_cast<size_t>(std::ranges::count(http->requests, Url(base), &HttpRequest::url));
  }
};

TEST(Upstreams, TheFirstThatAnswersIsEnough) {
  World world;
  world.http->On(World::Url(kFirst), kGood);
  const auto fetched = world.Fetch();
  ASSERT_TRUE(fetched.ok());
  EXPECT_EQ(fetched->source, World::Url(kFirst));
  EXPECT_EQ(world.Asked(kSecond), 0u);
  EXPECT_EQ(world.events, (std::vector<std::pair<Kind, std::string>>{{Kind::kAnswered, kFirst}}));
}

// Whether anybody is asked for each of these, one after the other, when all that is asked says "later".
TEST(Upstreams, LaterForOneItemIsLaterForItsClassAlone) {
  const auto http = std::make_shared<FakeHttp>();
  http->Otherwise([](const HttpRequest&) -> Result<HttpResponse> {
    return Response(429, "", {{"retry-after", "60"}});
  });
  FakeClock clock;
  const auto paced = std::make_shared<PacingHttpClient>(http, PacingOptions{}, clock.timing());
  UpstreamsOptions options;
  options.intel = {{kFirst, false}};
  options.amd = {{"http://127.0.0.1:3", false}};
  options.amd_chain = [](const AmdChainKey&, SteadyTime) { return Result<std::string>("chain"); };
  const auto upstreams = Upstreams::Make(options, paced, paced, {}, clock.clock()).value();
  const auto fmspc = *intel::Fmspc::FromHex("00806f050000");
  const auto vcek = [](uint8_t chip) { return VcekKey{amd::Product::kMilan, amd::HwId(64, chip), {}}; };
  const std::pair<CollateralKey, bool> rows[] = {
      {TcbInfoKey{IntelTee::kSgx, fmspc, {}}, true},
      {TcbInfoKey{IntelTee::kTdx, fmspc, {}}, false},
      {EnclaveIdentityKey{EnclaveId::kQe, {}}, true},
      {EvaluationNumbersKey{IntelTee::kSgx}, true},
      {PckCrlKey{intel::PckCa::kPlatform}, true},
      {PckCrlKey{intel::PckCa::kProcessor}, false},
      {vcek(1), true},
      {vcek(2), false},
      {AmdCrlKey{amd::Product::kMilan, amd::SigningKey::kVcek}, true},
      {AmdChainKey{amd::Product::kMilan, amd::SigningKey::kVcek}, true},
  };
  for (const auto& [key, asked] : rows) {
    const size_t before = http->requests.size();
    EXPECT_EQ(upstreams->Fetch(key, clock.now() + milliseconds(5000)).error().check, Check::kUpstreamStatus);
    EXPECT_EQ(http->requests.size() - before, asked ? 1u : 0u) << KeyName(key);
  }
  EXPECT_FALSE(upstreams->FetchFmspcList("all", clock.now() + milliseconds(5000)).ok());
  EXPECT_EQ(http->requests.back().item_class, "intel/fmspcs");
}

TEST(Upstreams, FailsOverWithinOneFetch) {
  const std::vector<FakeHttp::Handler> failures = {
      test::Unreachable, [](const HttpRequest&) -> Result<HttpResponse> { return Response(503); },
      [](const HttpRequest&) -> Result<HttpResponse> { return Response(404); },
      [](const HttpRequest&) -> Result<HttpResponse> { return Response(200, "<html>"); }};
  for (const auto& failure : failures) {
    World world;
    world.http->On(World::Url(kFirst), failure);
    world.http->On(World::Url(kSecond), kGood);
    const auto fetched = world.Fetch();
    ASSERT_TRUE(fetched.ok());
    EXPECT_EQ(fetched->source, World::Url(kSecond));
  }
}

// What whoever asked says of an answer decides whether the next upstream is asked.
TEST(Upstreams, AsksTheNextAfterAnAnswerWhenThatIsWanted) {
  using Then = Upstreams::Then;
  for (const Then wanted : {Then::kStop, Then::kAskNext}) {
    for (const bool second_answers : {true, false}) {
      World world;
      world.http->On(World::Url(kFirst), kGood);
      world.http->On(World::Url(kSecond), second_answers ? kGood : Response(503));
      std::vector<std::string> seen;
      const auto fetched = world.upstreams->Fetch(kKey, world.clock.now() + milliseconds(5000),
                                                  [&](const Fetched& answer) -> Result<Then> {
                                                    seen.push_back(answer.upstream);
                                                    return wanted;
                                                  });
      const bool both = wanted == Then::kAskNext;
      ASSERT_TRUE(fetched.ok()) << "one answer was taken";
      EXPECT_EQ(world.Asked(kSecond), both ? 1u : 0u);
      EXPECT_EQ(fetched->upstream, both && second_answers ? kSecond : kFirst);
      EXPECT_EQ(seen.size(), both && second_answers ? 2u : 1u);
      EXPECT_EQ(seen.front(), kFirst);
    }
  }
}

TEST(Upstreams, OneThatHangsLeavesTimeForTheNext) {
  World world;
  world.http->On(World::Url(kFirst), [&](const HttpRequest& request) {
    world.clock.Tick(std::chrono::duration_cast<milliseconds>(request.deadline - world.clock.now()));
    return test::Unreachable(request);
  });
  world.http->On(World::Url(kSecond), kGood);
  const SteadyTime deadline = world.clock.now() + milliseconds(5000);
  EXPECT_TRUE(world.Fetch(milliseconds(5000)).ok());
  EXPECT_EQ(world.http->requests.at(0).deadline, deadline - milliseconds(2500));
  EXPECT_EQ(world.http->requests.at(1).deadline, deadline);
}

TEST(Upstreams, NotFoundOnlyWhenAllSaySo) {
  World all;
  EXPECT_EQ(all.Fetch().error().check, Check::kUpstreamNotFound);
  EXPECT_EQ(all.http->requests.size(), 2u);
  World one;
  one.http->On(World::Url(kFirst), test::Unreachable);
  EXPECT_EQ(one.Fetch().error().check, Check::kUpstreamUnreachable);
  World other;
  other.http->On(World::Url(kSecond), Response(500));
  EXPECT_EQ(other.Fetch().error().check, Check::kUpstreamStatus);
}

TEST(Upstreams, RetiredOutweighsNotFound) {
  World world;
  world.http->On(World::Url(kFirst), Response(410));
  EXPECT_TRUE(IsRetired(world.Fetch().error()));
  World neither;
  EXPECT_FALSE(IsRetired(neither.Fetch().error()));
}

TEST(Upstreams, OneThatCannotBeReachedIsLeftOutForAWhile) {
  World world;
  world.http->On(World::Url(kFirst), test::Unreachable);
  world.http->On(World::Url(kSecond), kGood);
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(world.Fetch().ok());
  EXPECT_EQ(world.Asked(kFirst), 2u);
  EXPECT_EQ(world.Asked(kSecond), 5u);
  EXPECT_EQ(std::ranges::count(world.events, std::pair(Kind::kBreakerOpened, kFirst)), 1);
  EXPECT_EQ(std::ranges::count(world.events, std::pair(Kind::kSkipped, kFirst)), 3);
  EXPECT_TRUE(world.upstreams->States().at(0).open);
  EXPECT_FALSE(world.upstreams->States().at(1).open);

  world.clock.Tick(milliseconds(10'000));
  world.http->On(World::Url(kFirst), kGood);
  EXPECT_EQ(world.Fetch()->source, World::Url(kFirst));
  EXPECT_EQ(world.Fetch()->source, World::Url(kFirst));
}

TEST(Upstreams, AStatusIsNoReasonToLeaveOneOut) {
  World world;
  world.http->On(World::Url(kFirst), Response(503));
  for (int i = 0; i < 5; ++i) (void)world.Fetch();
  EXPECT_EQ(world.Asked(kFirst), 5u);
}

// What ends an outage, after two failures in a row: any answer but another failure.
TEST(Upstreams, CountsHowOftenOneHasComeBack) {
  const std::vector<std::pair<HttpResponse, bool>> rows = {{kGood, true},          {Response(404), true},
                                                           {Response(429), true},  {Response(400), true},
                                                           {Response(500), false}, {Response(503), false}};
  for (const bool unreachable : {true, false}) {
    for (const auto& [answer, back] : rows) {
      World world({{kFirst, false}});
      if (unreachable) {
        world.http->On(World::Url(kFirst), test::Unreachable);
      } else {
        world.http->On(World::Url(kFirst), Response(502));
      }
      for (int i = 0; i < 2; ++i) (void)world.Fetch();
      EXPECT_EQ(world.upstreams->Recoveries(Vendor::kIntel), 0u);
      world.clock.Tick(milliseconds(10'000));
      world.http->On(World::Url(kFirst), answer);
      (void)world.Fetch();
      EXPECT_EQ(world.upstreams->Recoveries(Vendor::kIntel), back ? 1u : 0u) << answer.status;
      EXPECT_EQ(world.upstreams->Recoveries(Vendor::kAmd), 0u);
      (void)world.Fetch();
      EXPECT_EQ(world.upstreams->Recoveries(Vendor::kIntel), back ? 1u : 0u) << "once an outage";
    }
  }
}

TEST(Upstreams, OneFailureAmongAnswersIsNoOutage) {
  World world({{kFirst, false}});
  for (int i = 0; i < 4; ++i) {
    world.http->On(World::Url(kFirst), i % 2 == 0 ? Response(500) : kGood);
    (void)world.Fetch();
  }
  EXPECT_EQ(world.upstreams->Recoveries(Vendor::kIntel), 0u);
}

TEST(Upstreams, WhileDownIntelsIsProbedEachSecondAndAmdsEveryTen) {
  FakeClock clock;
  const auto http = std::make_shared<FakeHttp>();
  http->Otherwise(test::Unreachable);
  UpstreamsOptions options;
  options.intel = {{kFirst, false}};
  options.amd = {{"http://127.0.0.1:3", false}};
  const auto upstreams = Upstreams::Make(options, http, http, {}, clock.clock()).value();
  const auto asked_in_20_s = [&](const CollateralKey& key) {
    for (int i = 0; i < 3; ++i) (void)upstreams->Fetch(key, clock.now() + milliseconds(5000));
    const size_t before = http->requests.size();
    for (int i = 0; i < 200; ++i) {
      clock.Tick(milliseconds(100));
      (void)upstreams->Fetch(key, clock.now() + milliseconds(5000));
    }
    return http->requests.size() - before;
  };
  EXPECT_EQ(asked_in_20_s(kKey), 20u);
  EXPECT_EQ(asked_in_20_s(AmdChainKey{amd::Product::kMilan, amd::SigningKey::kVcek}), 2u);
}

TEST(Upstreams, AsksEachVendorForItsOwn) {
  World world;
  const CollateralKey amd = AmdChainKey{amd::Product::kMilan, amd::SigningKey::kVcek};
  EXPECT_EQ(world.upstreams->Fetch(amd, SteadyTime::max()).error().check, Check::kUpstreamUnreachable);
  EXPECT_TRUE(world.http->requests.empty());
}

TEST(Upstreams, RefusesWhatIsNoUpstream) {
  const auto make = [](Upstream intel) {
    UpstreamsOptions options;
    options.intel = {std::move(intel)};
    return Upstreams::Make(options, std::make_shared<FakeHttp>(), std::make_shared<FakeHttp>(), {},
                           FakeClock().clock())
        .ok();
  };
  EXPECT_TRUE(make({"https://pcs.example/sgx/certification/v4/", false}));
  EXPECT_FALSE(make({"https://pcs.example/", false}));
  EXPECT_FALSE(make({"http://pcs.example/sgx/certification/v4/", false})) << "plain HTTP";
  EXPECT_TRUE(make({"http://pcs.example/sgx/certification/v4/", true}));
  EXPECT_TRUE(make({"http://169.254.169.254/sgx/certification/v4/", false}));
}

}  // namespace
}  // namespace thimble
