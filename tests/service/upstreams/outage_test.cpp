// SPDX-License-Identifier: Apache-2.0
//
// Intel's client retries four times, a second apart. It has to succeed when the upstream is back within three. On a network
// and by a clock that the test controls, through all that stands between a request and the vendor.
#include <gtest/gtest.h>

#include "cache/collateral_cache.h"
#include "cache/memory_store.h"
#include "fetchers/retry.h"
#include "fetchers/upstreams.h"
#include "service/upstreams/accepting.h"
#include "tcb/base/ascii.h"
#include "tests/fetchers/fakes.h"
#include "tests/support/sim_pcs.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test::FakeClock;
using test::FakeHttp;

enum class Down : uint8_t { kRefused, kUnavailable, kHangs };

class QcnlInAnOutage : public testing::TestWithParam<Down> {
 protected:
  QcnlInAnOutage() {
    http_->Otherwise([this](const HttpRequest& request) { return Answer(request); });
    UpstreamsOptions options;
    options.intel = {{"http://127.0.0.1:1/sgx/certification/v4/", false}};
    upstreams_ = Upstreams::Make(options, client_, client_, {}, clock_.clock()).value();
    CacheOptions cache;
    cache.recoveries = [this](Vendor vendor) { return upstreams_->Recoveries(vendor); };
    cache_ = std::make_unique<CollateralCache>(
        std::make_shared<MemoryStore>(), intel_.Anchors(),
        [this](const CollateralKey& key, SteadyTime deadline, const AcceptFunction& accept) -> Status {
          TRY(upstreams_->Fetch(key, deadline, Accepting(accept)));
          return {};
        },
        cache, EventSink(), clock_.clock());
  }

  Result<HttpResponse> Answer(const HttpRequest& request) {
    asked_at_.push_back(clock_.now());
    if (clock_.now() < back_) {
      if (GetParam() == Down::kUnavailable) return test::Response(503);
      if (GetParam() == Down::kHangs)
        clock_.Tick(std::chrono::duration_cast<milliseconds>(request.deadline - clock_.now()));
      return test::Unreachable(request);
    }
    const std::string target = request.url.substr(request.url.find('/', 8));
    const auto reply = sim::AnswerPcs({.intel = intel_}, target, {});
    HttpResponse response{reply ? reply->status : 404, {}, reply ? reply->body : Bytes()};
    if (!reply) return response;
    for (const auto& [name, value] : reply->headers) response.headers.emplace_back(LowerCase(name), value);
    return response;
  }
  bool Has(const CollateralKey& key) { return cache_->Get(key, sim::kNow).ok(); }
  // QCNL's default: one request and four more, a second after each answer.
  bool FetchesByRetrying(const CollateralKey& key) {
    for (int attempt = 0; attempt <= 4; ++attempt) {
      if (attempt > 0) clock_.Tick(seconds(1));
      if (Has(key)) return true;
    }
    return false;
  }

  const sim::SimIntel intel_ = sim::SimIntel::Make();
  FakeClock clock_;
  std::shared_ptr<FakeHttp> http_ = std::make_shared<FakeHttp>();
  std::shared_ptr<HttpClient> client_ =
      std::make_shared<RetryingHttpClient>(http_, RetryOptions{}, clock_.timing());
  SteadyTime back_ = clock_.now() + seconds(3);
  std::vector<SteadyTime> asked_at_;
  std::unique_ptr<Upstreams> upstreams_;
  std::unique_ptr<CollateralCache> cache_;
};

const intel::Fmspc kFmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
const std::vector<CollateralKey> kOfOneQuote = {PckCrlKey{intel::PckCa::kPlatform},
                                                TcbInfoKey{IntelTee::kSgx, kFmspc, {}},
                                                EnclaveIdentityKey{EnclaveId::kQe, {}}};

TEST_P(QcnlInAnOutage, SucceedsWhenTheUpstreamIsBackWithinThreeSeconds) {
  for (const CollateralKey& key : kOfOneQuote) EXPECT_TRUE(FetchesByRetrying(key)) << KeyName(key);
}

TEST_P(QcnlInAnOutage, SucceedsThoughManyOthersAskForMuchElse) {
  std::vector<CollateralKey> others;
  for (const Selector::Kind kind : {Selector::Kind::kStandard, Selector::Kind::kEarly}) {
    for (const EnclaveId id : {EnclaveId::kQe, EnclaveId::kTdQe, EnclaveId::kQve})
      others.emplace_back(EnclaveIdentityKey{id, {kind, 0}});
    others.emplace_back(TcbInfoKey{IntelTee::kTdx, kFmspc, {kind, 0}});
  }
  others.emplace_back(PckCrlKey{intel::PckCa::kProcessor});
  for (const CollateralKey& key : others) (void)Has(key);  // all of them fail
  back_ = clock_.now() + seconds(3);
  const CollateralKey wanted = TcbInfoKey{IntelTee::kSgx, kFmspc, {}};
  bool done = Has(wanted);
  for (int tenth = 1; tenth <= 40; ++tenth) {
    clock_.Tick(milliseconds(100));
    for (const CollateralKey& key : others) (void)Has(key);
    if (tenth % 10 == 0) done = done || Has(wanted);
  }
  EXPECT_TRUE(done);
  for (const CollateralKey& key : others) EXPECT_TRUE(Has(key)) << KeyName(key);
}

// Until an item's own back-off ends, after nine seconds at the earliest, the upstream is probed once a second, for any item.
TEST_P(QcnlInAnOutage, NobodyIsAskedMoreThanOnceASecond) {
  back_ = SteadyTime::max();
  for (int i = 0; i < 3; ++i) {  // the circuit is open
    for (const CollateralKey& key : kOfOneQuote) (void)Has(key);
  }
  asked_at_.clear();
  for (int i = 0; i < 80; ++i) {
    clock_.Tick(milliseconds(100));
    for (const CollateralKey& key : kOfOneQuote) EXPECT_FALSE(Has(key));
  }
  ASSERT_FALSE(asked_at_.empty());
  for (size_t i = 1; i < asked_at_.size(); ++i) EXPECT_GE(asked_at_[i] - asked_at_[i - 1], seconds(1));
  if (GetParam() != Down::kHangs) {
    EXPECT_GE(asked_at_.size(), 7u) << "nor much less";
  }
}

INSTANTIATE_TEST_SUITE_P(However, QcnlInAnOutage,
                         testing::Values(Down::kRefused, Down::kUnavailable, Down::kHangs));

}  // namespace
}  // namespace thimble
