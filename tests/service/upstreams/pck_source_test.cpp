// SPDX-License-Identifier: Apache-2.0
//
// What a vendor is asked with for the certificates of a platform: its own word, not that of whoever looks it up.
#include "service/upstreams/pck_source.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "tcb/base/text.h"
#include "tests/cache/platforms.h"
#include "tests/fetchers/fakes.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

using namespace test;

class PckSourceTest : public testing::Test {
 protected:
  PckSourceTest() {
    UpstreamsOptions options;
    options.intel = {
        {"http://169.254.169.254/metadata/THIM/sgx/certification/v4/", false, UpstreamKind::kThim}};
    upstreams_ = Upstreams::Make(options, http_, http_, {}, clock_.clock()).value();
    source_ = std::make_unique<PckSource>(registry_, *upstreams_, anchors_);
  }
  void Bind() {
    const Status bound = registry_.Edit([](RegistryEdit& edit) -> Status {
      TRY(edit.Bind(Id(), {}));
      TRY(edit.Remember(ByPpid()));
      return edit.RecordChoice(Id(), {Tcb(5), Tcb(4)});
    });
    ASSERT_TRUE(bound.ok());
  }
  // The URL that a look-up with this TCB and PPID has the upstream asked with.
  std::string UrlOf(const intel::PlatformId& platform, uint8_t tcb, uint8_t ppid) {
    const PckSource::Hint hint(source_.get(), {platform, Tcb(tcb), Ppid(ppid), {}});
    const Status fetched =
        source_->Fetch({platform}, clock_.now() + std::chrono::seconds(5),
                       [](FetchedBytes) -> Result<AfterAnswer> { return AfterAnswer::kStop; });
    EXPECT_FALSE(fetched.ok()) << "a 404";
    return http_->requests.empty() ? "" : http_->requests.back().url;
  }

  std::shared_ptr<FakeHttp> http_ = std::make_shared<FakeHttp>();
  FakeClock clock_;
  const TrustAnchors anchors_ = sim::SimIntel::Make().Anchors();
  PlatformRegistry registry_{std::make_shared<MemoryStore>()};
  std::unique_ptr<Upstreams> upstreams_;
  std::unique_ptr<PckSource> source_;
};

TEST_F(PckSourceTest, ABoundPlatformIsAskedForWithTheTcbThatItRegistered) {
  Bind();
  const std::string url = UrlOf(Id(), 9, 0x33);
  EXPECT_NE(url.find(Tcb(5).CpuSvnHexUpper()), std::string::npos) << url;
  EXPECT_EQ(url.find(Tcb(9).CpuSvnHexUpper()), std::string::npos) << url;
  EXPECT_NE(url.find(Ppid().HexUpper()), std::string::npos) << url;
}

TEST_F(PckSourceTest, ALookUpIsAskedForWithWhatItBrings) {
  Bind();
  const std::string url = UrlOf(Id().AskedWith(Ppid(0x33)), 9, 0x33);
  EXPECT_NE(url.find(Tcb(9).CpuSvnHexUpper()), std::string::npos) << url;
  EXPECT_NE(url.find(Ppid(0x33).HexUpper()), std::string::npos) << url;
}

}  // namespace
}  // namespace thimble
