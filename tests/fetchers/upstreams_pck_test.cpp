// SPDX-License-Identifier: Apache-2.0
//
// Which upstream is asked for PCK certificates and for a host's VCEK.
#include <gtest/gtest.h>

#include "fetchers/upstreams.h"
#include "tests/fetchers/pck_answers.h"

namespace thimble {
namespace {

using namespace test;

const std::string kPcs = "http://127.0.0.1:1/sgx/certification/v4/";
const std::string kThim = "http://169.254.169.254/metadata/THIM/sgx/certification/v4/";
const intel::PckTcb kRaw = TcbOf(sim::ServerPlatform());

struct World {
  std::shared_ptr<FakeHttp> http = std::make_shared<FakeHttp>();
  FakeClock clock;
  std::unique_ptr<Upstreams> upstreams;

  World(std::vector<Upstream> intel, std::vector<Upstream> amd = {}) {
    UpstreamsOptions options;
    options.intel = std::move(intel);
    options.amd = std::move(amd);
    upstreams = Upstreams::Make(options, http, http, {}, clock.clock()).value();
  }
  Result<Fetched> FetchPck(const PckQuery& query) {
    return upstreams->FetchPck(query, clock.now() + std::chrono::seconds(5));
  }
  std::vector<std::string> Asked() const {
    std::vector<std::string> bases;
    for (const HttpRequest& request : http->requests)
      bases.push_back(request.url.substr(0, request.url.find('?')));
    return bases;
  }
};

World BothForPck() {
  return World({{kThim, false, UpstreamKind::kThim}, {kPcs, false, UpstreamKind::kVendor, "key"}});
}
void AnswerThim(World& world) {
  world.http->Otherwise([](const HttpRequest& request) -> Result<HttpResponse> {
    return request.url.starts_with(kThim) ? Response(200, ThimPck()) : PcsAnswer();
  });
}

TEST(UpstreamsPck, GoesDownTheList) {
  World world = BothForPck();
  AnswerThim(world);
  const auto fetched = world.FetchPck({kPlatform, kPpid, kRaw});
  ASSERT_TRUE(fetched.ok()) << fetched.error().message;
  EXPECT_EQ(fetched->source, kThim + "pckcert");
  EXPECT_TRUE(Authentic(*fetched));

  World missing = BothForPck();
  missing.http->Otherwise([](const HttpRequest& request) -> Result<HttpResponse> {
    return request.url.starts_with(kThim) ? Response(404) : PcsAnswer();
  });
  const auto from_pcs = missing.FetchPck({kPlatform, kPpid, kRaw});
  ASSERT_TRUE(from_pcs.ok()) << from_pcs.error().message;
  EXPECT_EQ(missing.Asked(), (std::vector{kThim + "pckcert", kPcs + "pckcerts"}));
  EXPECT_EQ(missing.http->requests[1].headers.size(), 1u) << "the key goes to its upstream";
  EXPECT_EQ(missing.http->requests[0].headers[0].first, "Metadata");
}

TEST(UpstreamsPck, AsksOnlyWhoCanAnswer) {
  World world = BothForPck();
  AnswerThim(world);
  ASSERT_TRUE(world.FetchPck({kPlatform, kPpid, {}}).ok());
  EXPECT_EQ(world.Asked(), std::vector{kPcs + "pckcerts"});
  EXPECT_EQ(CheckOf(world.FetchPck({kPlatform, {}, {}})), Check::kUpstreamNotFound);
  EXPECT_EQ(world.http->requests.size(), 1u);
}

// A PCCS has no pckcerts; Intel's own answer is final.
TEST(UpstreamsPck, WhereThereIsNoPckCertsItIsAskedByTheQeId) {
  for (const int status : {404, 405, 501}) {
    World world({{kPcs, false}});
    world.http->Otherwise([status](const HttpRequest& request) -> Result<HttpResponse> {
      return request.url.starts_with(kPcs + "pckcert?") ? PccsAnswer() : Response(status);
    });
    const auto fetched = world.FetchPck({kPlatform, kPpid, kRaw});
    ASSERT_TRUE(fetched.ok()) << fetched.error().message;
    EXPECT_TRUE(Authentic(*fetched));
    EXPECT_EQ(fetched->source, kPcs + "pckcert");
    EXPECT_EQ(world.Asked(), (std::vector{kPcs + "pckcerts", kPcs + "pckcert"}));
  }
  for (const int status : {400, 401, 429, 503}) {
    World world({{kPcs, false}});
    world.http->Otherwise([status](const HttpRequest&) -> Result<HttpResponse> { return Response(status); });
    EXPECT_FALSE(world.FetchPck({kPlatform, kPpid, kRaw}).ok());
    EXPECT_EQ(world.Asked(), std::vector{kPcs + "pckcerts"}) << status;
  }
  World intels({{"https://api.trustedservices.intel.com/sgx/certification/v4/", false}});
  EXPECT_EQ(CheckOf(intels.FetchPck({kPlatform, kPpid, kRaw})), Check::kUpstreamNotFound);
  EXPECT_EQ(intels.http->requests.size(), 1u);
}

TEST(UpstreamsPck, ItSaysWhatBecameOfEitherRoute) {
  World world({{kPcs, false}});
  world.http->Otherwise([](const HttpRequest& request) -> Result<HttpResponse> {
    return Response(request.url.starts_with(kPcs + "pckcert?") ? 461 : 404);
  });
  const auto neither = world.FetchPck({kPlatform, kPpid, kRaw});
  EXPECT_EQ(CheckOf(neither), Check::kUpstreamNotFound);
  EXPECT_EQ(neither.error().message,
            "GET " + kPcs + "pckcerts: HTTP 404 (this route, or the platform, is not known there); GET " +
                kPcs + "pckcert: HTTP 461 (this QE id is not in its cache)");
  const auto no_tcb = world.FetchPck({kPlatform, kPpid, {}});
  EXPECT_EQ(CheckOf(no_tcb), Check::kUpstreamNotFound);
  EXPECT_NE(no_tcb.error().message.find("pckcert is not asked: no TCB"), std::string::npos)
      << no_tcb.error().message;
  for (const auto& error : {neither.error(), no_tcb.error()})
    EXPECT_EQ(error.message.find(kPpid.HexUpper()), std::string::npos) << error.message;
}

TEST(UpstreamsPck, AzureHasNoOtherCollateralOfIntels) {
  World world = BothForPck();
  (void)world.upstreams->Fetch(PckCrlKey{intel::PckCa::kPlatform},
                               world.clock.now() + std::chrono::seconds(5));
  EXPECT_EQ(world.Asked(), std::vector{kPcs + "pckcrl"});
}

TEST(UpstreamsPck, AzureIsAskedForVceksBeforeTheKds) {
  World world({}, {{"http://169.254.169.254", false, UpstreamKind::kThim}, {"http://127.0.0.1:2", false}});
  const auto deadline = world.clock.now() + std::chrono::seconds(5);
  const amd::TcbVersion tcb{amd::Product::kMilan, 3, 0, 8, 115, {}};
  (void)world.upstreams->Fetch(VcekKey{amd::Product::kMilan, Bytes(64, 1), tcb}, deadline);
  ASSERT_GE(world.Asked().size(), 2u);
  EXPECT_EQ(world.Asked()[0], "http://169.254.169.254/metadata/THIM/amd/certification");
  EXPECT_TRUE(world.Asked()[1].starts_with("http://127.0.0.1:2/vcek/v1/Milan/")) << world.Asked()[1];

  const size_t before = world.Asked().size();
  (void)world.upstreams->Fetch(AmdCrlKey{amd::Product::kMilan, amd::SigningKey::kVcek}, deadline);
  ASSERT_GT(world.Asked().size(), before);
  EXPECT_TRUE(world.Asked()[before].starts_with("http://127.0.0.1:2/")) << world.Asked()[before];
}

TEST(UpstreamsPck, BasesAreThoseOfTheirKind) {
  const auto made = [](const Upstream& amd) {
    UpstreamsOptions options;
    options.amd = {amd};
    return Upstreams::Make(options, nullptr, nullptr, {}, RealTiming().now).ok();
  };
  EXPECT_TRUE(made({"http://169.254.169.254", false, UpstreamKind::kThim}));
  EXPECT_FALSE(made({"http://169.254.169.254/metadata/", false, UpstreamKind::kThim}));
  EXPECT_FALSE(made({"http://10.0.0.4:2377", false, UpstreamKind::kThim}));
  EXPECT_TRUE(made({"http://10.0.0.4:2377", true, UpstreamKind::kThim}));
}

}  // namespace
}  // namespace thimble
