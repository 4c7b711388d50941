// SPDX-License-Identifier: Apache-2.0
//
// PCK certificates of registered platforms in refresh passes.
#include <gtest/gtest.h>

#include "tests/cache/refresh_world.h"

namespace thimble {
namespace {

using namespace test;
using Urge = RefreshUrge;

TEST(RefreshedCertificates, ANewTcbLevelHasThePckCertificatesFetched) {
  RefreshWorld world;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Pass();  // the early set, too
  const std::string pck = world.Bind("00112233445566778899AABBCCDDEEFF", world.Levels());
  world.Pass();
  EXPECT_FALSE(world.asked.contains(pck)) << "the levels as they were";

  world.Advance(hours(25));
  world.Pass();
  EXPECT_FALSE(world.asked.contains(pck)) << "issued again with the same levels";

  world.Advance(hours(25));
  world.bend_tcb = [](sim::TcbInfoSpec& spec) {
    auto level = spec.levels.front();
    level.pce_svn += 1;
    spec.levels.insert(spec.levels.begin(), level);
  };
  const RefreshReport report = world.Pass();
  EXPECT_TRUE(world.asked.contains(pck));
  EXPECT_FALSE(report.complete()) << "they could not be fetched";

  world.Pass();
  EXPECT_TRUE(world.asked.contains(pck)) << "and are asked for until they come";
  world.certified = true;
  world.Pass();
  EXPECT_TRUE(world.asked.contains(pck));
  world.Pass();
  EXPECT_FALSE(world.asked.contains(pck)) << "they are here";
}

// A level that came while nobody looked shows in no change of a TCB info: certificates that were imported, or fetched
// before a store lay on a shelf.
TEST(RefreshedCertificates, CertificatesThatMayLackALevelAreFetched) {
  RefreshWorld world;
  world.certified = true;
  ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
  world.Pass();
  std::vector<intel::PckTcb> before = world.Levels();
  ASSERT_GT(before.size(), 1u);
  before.pop_back();
  const std::string all = world.Bind("A1", world.Levels()), lacking = world.Bind("A2", before),
                    imported = world.Bind("A3", std::nullopt);
  world.Pass(Urge::kPatient);
  EXPECT_FALSE(world.asked.contains(all));
  EXPECT_TRUE(world.asked.contains(lacking));
  EXPECT_TRUE(world.asked.contains(imported));
  const std::string later = world.Bind("A4", std::nullopt);
  world.Pass(Urge::kPatient);
  EXPECT_EQ(world.asked.count(imported) + world.asked.count(lacking), 0u) << "once";
  EXPECT_TRUE(world.asked.contains(later)) << "imported while the TCB infos stay the same";
}

// A registration has a journal, its certificates have none: after the loss of a store the one comes back without the other.
TEST(RefreshedCertificates, CertificatesThatAreNotHeldAreFetched) {
  for (const bool tcb_info_held : {false, true}) {
    RefreshWorld world;
    world.certified = true;
    if (tcb_info_held) {
      ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
    }
    world.Pass();  // the early set, too
    const std::string here = world.Bind("A1", world.Levels()), gone = world.Bind("A2", world.Levels(), false);
    const RefreshReport report = world.Pass(Urge::kPatient);
    EXPECT_TRUE(report.complete());
    EXPECT_FALSE(world.asked.contains(here));
    EXPECT_TRUE(world.asked.contains(gone));
    EXPECT_TRUE(world.cache->Peek(PckCertsKey{*intel::PlatformId::From("A2", {})}, world.now));
    world.Pass();
    EXPECT_FALSE(world.asked.contains(gone)) << "once";
  }
}

TEST(RefreshedCertificates, CertificatesOfAnotherPpidAreNotHeld) {
  RefreshWorld world;
  world.certified = true;
  const std::string name = world.Bind("A1", world.Levels());
  world.Pass();
  EXPECT_FALSE(world.asked.contains(name));
  const auto id = *intel::PlatformId::From("A1", {});
  ASSERT_TRUE(world.registry
                  .Edit([&](RegistryEdit& edit) -> Status {
                    TRY(edit.Forget(id));
                    intel::PckSet other;
                    other.fmspc = *intel::Fmspc::FromHex(sim::kServerFmspc);
                    TRY(edit.Bind(id, other));
                    return edit.Remember({id, {}, intel::EncryptedPpid::From(Bytes(384, 0x12)), {}});
                  })
                  .ok());
  world.Pass();
  EXPECT_TRUE(world.asked.contains(name));
}

// An upload tells no levels.
TEST(RefreshedCertificates, WithoutUpstreamsNoCertificatesAreAskedFor) {
  for (const Vendor reachable : {Vendor::kAmd, Vendor::kIntel}) {
    RefreshWorld world;
    ASSERT_TRUE(world.cache->Get(kTcbKey, world.now).ok());
    const std::string uploaded = world.Bind("A1", std::nullopt), gone = world.Bind("A2", std::nullopt, false);
    Refresher refresher{*world.cache,
                        {.threads = 1,
                         .has_upstream = [=](Vendor vendor) { return vendor == reachable; },
                         .registry = &world.registry}};
    world.asked.clear();
    const RefreshReport report = refresher.Pass(world.now, Urge::kPatient, world.stop);
    EXPECT_EQ(report.complete(), reachable == Vendor::kAmd) << "of Intel's they could not be fetched";
    for (const std::string& name : {uploaded, gone})
      EXPECT_EQ(world.asked.contains(name), reachable == Vendor::kIntel) << name;
  }
}

}  // namespace
}  // namespace thimble
