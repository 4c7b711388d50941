// SPDX-License-Identifier: Apache-2.0
//
// Each bend alone, on each form of quote, with choices from a fixed seed: accepted when it says so and only then.
#include "tests/fuzz/bends.h"

#include <gtest/gtest.h>

#include <random>

namespace thimble::fuzz {
namespace {

constexpr int kRounds = 12;

TEST(Bends, GoodScenesAreAccepted) {
  for (const Scene& scene : GoodScenes()) {
    SCOPED_TRACE(testing::Message() << "version " << scene.quote.version << ", body "
                                    << scene.quote.body_type);
    EXPECT_TRUE(Accepted(MakeScene(scene)));
  }
}

TEST(Bends, EachAloneIsAcceptedExactlyWhenItMayBe) {
  std::mt19937 random(20260601);
  for (const SceneBend& bend : AllBends()) {
    SCOPED_TRACE(bend.name);
    int accepted = 0;
    for (const Scene& good : GoodScenes()) {
      if (!bend.applies(good)) continue;
      for (int round = 0; round < kRounds; ++round) {
        Bytes bytes(8);
        // Mostly small values: most choices are between few.
        for (uint8_t& byte : bytes) byte = static_cast<uint8_t>(random() % (round % 2 == 0 ? 4 : 256));
        Choices in(bytes);
        Scene scene = good;
        const bool acceptable = bend.apply(scene, in);
        EXPECT_EQ(Accepted(MakeScene(scene)), acceptable)
            << "version " << good.quote.version << ", body " << good.quote.body_type << ", choices "
            << HexLower(bytes);
        accepted += acceptable ? 1 : 0;
      }
    }
    EXPECT_GT(accepted, 0) << "never acceptable: a test that cannot tell";
  }
}

}  // namespace
}  // namespace thimble::fuzz
