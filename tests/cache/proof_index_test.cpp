// SPDX-License-Identifier: Apache-2.0
//
// A registered platform found by the proof that Intel was shown for it.
#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "cache/platform_registry.h"
#include "tests/cache/platforms.h"

namespace thimble {
namespace {

using namespace test;

class FindByProof : public testing::Test {
 protected:
  void Edit(const PlatformRegistry::Change& change) { ASSERT_TRUE(registry_.Edit(change).ok()); }
  void Register(const Registration& registration, bool bound = true) {
    Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Remember(registration));
      return bound ? edit.Bind(registration.platform, {}) : Status();
    });
  }
  // The QE id; empty: nobody is found.
  std::string Found(const intel::PlatformProof& proof, std::string_view pce_id = "0000") {
    const auto found = registry_.FindByProof(proof, *intel::PceId::FromHex(pce_id));
    EXPECT_TRUE(found.ok());
    return found.ok() && found->has_value() ? std::string((*found)->id.qe_id()) : "";
  }

  std::shared_ptr<MemoryStore> store_ = std::make_shared<MemoryStore>();
  PlatformRegistry registry_{store_};
};

TEST_F(FindByProof, WhetherItWasThereBeforeTheFirstQuestionOrNot) {
  Register(ByPpid(Id("AA")));
  EXPECT_EQ(Found(Ppid()), "AA");
  EXPECT_EQ(Found(Manifest()), "");
  Register(ByManifest(Id("BB")));
  EXPECT_EQ(Found(Manifest()), "BB");
  EXPECT_EQ(Found(Ppid(0x12)), "");
  EXPECT_EQ(Found(Ppid(), "0001"), "") << "of another PCE";
  PlatformRegistry reopened(store_);
  EXPECT_TRUE(reopened.FindByProof(Ppid(), Id().pce_id())->has_value());
}

TEST_F(FindByProof, NotBeforeCertificatesHaveComeForIt) {
  Register(ByPpid(Id("AA")), false);
  EXPECT_EQ(Found(Ppid()), "");
  Register(ByPpid(Id("AA")));
  EXPECT_EQ(Found(Ppid()), "AA");
}

// Of a platform with a manifest Intel is shown that; its PPID is what a registration says.
TEST_F(FindByProof, ByWhatIntelWasShownAlone) {
  Register({Id("AA"), Tcb(5), Ppid(), Manifest()});
  EXPECT_EQ(Found(Manifest()), "AA");
  EXPECT_EQ(Found(Ppid()), "");
}

TEST_F(FindByProof, AsItIsNow) {
  Register(ByPpid(Id("AA")));
  EXPECT_EQ(Found(Ppid()), "AA");
  Register({Id("AA"), Tcb(5), Ppid(0x33), {}});
  EXPECT_EQ(Found(Ppid()), "") << "it has another now";
  EXPECT_EQ(Found(Ppid(0x33)), "AA");
  Edit([](RegistryEdit& edit) -> Status {
    TRY(edit.Forget(Id("AA")));
    return {};
  });
  EXPECT_EQ(Found(Ppid(0x33)), "");
}

}  // namespace
}  // namespace thimble
