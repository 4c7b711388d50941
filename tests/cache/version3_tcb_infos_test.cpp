// SPDX-License-Identifier: Apache-2.0
//
// TCB infos in the form of PCS v3 are kept with the time they came, over restarts, and nothing is made of what is not so.
#include "cache/version3_tcb_infos.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "tcb/base/text.h"
#include "tcb/check.h"
#include "tests/support/sim_intel.h"

namespace thimble {
namespace {

const TcbInfoKey kKey{IntelTee::kSgx, *intel::Fmspc::FromHex(sim::kServerFmspc), {}};

class Version3Store : public testing::Test {
 protected:
  Version3Store() { EXPECT_TRUE(anchors_.AddExtra(AsBytes(intel_.RootPem())).ok()); }
  Store::Write Admitted(Instant now) {
    return Version3TcbInfos(store_, anchors_).Admit(kKey, {info_, intel_.TcbSigningChain()}, now).value();
  }

  const sim::SimIntel intel_ = sim::SimIntel::Make();
  const Bytes info_ = intel_.TcbInfo(IntelTee::kSgx, sim::kServerFmspc, sim::kStandardNumber,
                                     [](sim::TcbInfoSpec& spec) { spec.version = 2; });
  const std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
  TrustAnchors anchors_ = TrustAnchors::Pinned();
};

TEST_F(Version3Store, KnowsWhenAnInfoCame) {
  ASSERT_TRUE(store_->Apply({Admitted(sim::kNow)}).ok());
  const auto held = Version3TcbInfos(store_, anchors_).Find(kKey);
  ASSERT_TRUE(held.ok()) << held.error().message;
  ASSERT_TRUE(held->has_value());
  EXPECT_EQ((*held)->came, sim::kNow);
  EXPECT_EQ((*held)->item->body(), info_);
}

TEST_F(Version3Store, WithoutThatTimeAnEntryIsDamaged) {
  Store::Write write = Admitted(sim::kNow);
  write.value = write.value->substr(write.value->find('\n') + 1);
  ASSERT_TRUE(store_->Apply({write}).ok());
  const auto held = Version3TcbInfos(store_, anchors_).Find(kKey);
  ASSERT_FALSE(held.ok());
  EXPECT_EQ(held.error().check, Check::kStoreCorrupt);
}

}  // namespace
}  // namespace thimble
