// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "tcb/check.h"
#include "tests/cache/platforms.h"

namespace thimble {
namespace {

using namespace test;

Platform Full() {
  return {Id(),
          Ppid(),
          Manifest(),
          intel::Fmspc::FromHex("00906ED50000"),
          intel::PckCa::kPlatform,
          {{Tcb(5), Tcb(4)}, {Tcb(6), Tcb(4)}},
          intel::Ppid::From(Bytes(16, 0x77)),
          std::vector{Tcb(3), Tcb(4)}};
}
QueuedRegistration FullQueued() {
  return {{Id(), Tcb(5), Ppid(), Manifest()}, QueuedRegistration::Why::kNotAvailable, true, 7};
}

std::string Replaced(std::string text, std::string_view what, std::string_view by) {
  return text.replace(text.find(what), what.size(), by);
}

TEST(PlatformRecord, ComesBackAsItWas) {
  for (const Platform& platform : {Full(), Platform{Id("odd id / %"), {}, {}, {}, {}, {}}}) {
    const auto back = DecodePlatform(EncodePlatform(platform));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, platform);
  }
  for (const QueuedRegistration& queued : {FullQueued(), QueuedRegistration{{Id(), {}, {}, {}}}}) {
    const auto back = DecodeQueued(EncodeQueued(queued));
    ASSERT_TRUE(back.ok()) << back.error().message;
    EXPECT_EQ(*back, queued);
  }
}

TEST(PlatformRecord, TheManifestGoesFirst) {
  EXPECT_EQ(Full().proof(), intel::PlatformProof(Manifest()));
  Platform without = Full();
  without.manifest.reset();
  EXPECT_EQ(without.proof(), intel::PlatformProof(Ppid()));
  without.ppid.reset();
  EXPECT_FALSE(without.proof());
}

TEST(PlatformRecord, DamageIsTold) {
  const auto platform = [](std::string_view what, std::string_view by) {
    const auto read = DecodePlatform(Replaced(EncodePlatform(Full()), what, by));
    return read.ok() ? Check::kNone : read.error().check;
  };
  EXPECT_EQ(platform("platform\":\"0A0B", "platform\":\"0A0B"), Check::kNone);
  EXPECT_EQ(platform("platform\":\"0A0B", "platform\":\"0a0b"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("version\":1", "version\":2"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("encrypted_ppid\":\"11", "encrypted_ppid\":\"1"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("manifest\":\"22", "manifest\":\"2"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("00906ed50000", "00906ed5000"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("ca\":\"platform", "ca\":\"other"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("raw\":\"05", "raw\":\"5"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("\"tcbm\"", "\"tcb\""), Check::kStoreCorrupt);
  EXPECT_EQ(platform("\"ppid\":\"77", "\"ppid\":\"7"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("levels\":[\"03", "levels\":[\"3"), Check::kStoreCorrupt);
  EXPECT_EQ(platform("{", ""), Check::kStoreCorrupt);

  const auto queued = [](std::string_view what, std::string_view by) {
    const auto read = DecodeQueued(Replaced(EncodeQueued(FullQueued()), what, by));
    return read.ok() ? Check::kNone : read.error().check;
  };
  EXPECT_EQ(queued("not_available", "not_available"), Check::kNone);
  EXPECT_EQ(queued("not_available", "gone"), Check::kStoreCorrupt);
  EXPECT_EQ(queued("true", "1"), Check::kStoreCorrupt);
  EXPECT_EQ(queued("revision\":7", "revision\":-7"), Check::kStoreCorrupt);
}

}  // namespace
}  // namespace thimble
