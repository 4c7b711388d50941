// SPDX-License-Identifier: Apache-2.0
#include "cache/platform_registry.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "cache/memory_store.h"
#include "cache/rocks_store.h"
#include "tcb/check.h"
#include "tests/cache/platforms.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

using namespace test;
using Why = QueuedRegistration::Why;

struct World {
  std::shared_ptr<Store> store = std::make_shared<MemoryStore>();
  PlatformRegistry registry{store};

  void Edit(const PlatformRegistry::Change& change) {
    const Status edited = registry.Edit(change);
    ASSERT_TRUE(edited.ok()) << edited.error().message;
  }
  void Enqueue(const Registration& registration, Why why = Why::kNew) {
    Edit([&](RegistryEdit& edit) { return edit.Enqueue(registration, why); });
  }
  void Remember(const Registration& registration) {
    Edit([&](RegistryEdit& edit) { return edit.Remember(registration); });
  }
  std::vector<QueuedRegistration> Waiting(Why why = Why::kNew) { return registry.Waiting(why).value(); }
  void HandOut(const std::vector<QueuedRegistration>& read) {
    Edit([&](RegistryEdit& edit) { return edit.HandOut(read); });
  }
  std::optional<Platform> Find(const intel::PlatformId& id = Id()) { return registry.Find(id).value(); }
};

intel::PckSet SetOf(uint8_t ppid) {
  intel::PckSet set;
  set.fmspc = *intel::Fmspc::FromHex("00906ED50000");
  set.ppid = *intel::Ppid::From(Bytes(16, ppid));
  return set;
}

TEST(PlatformRegistry, BindsAPlatformToThePpidOfItsFirstCertificates) {
  World w;
  w.Remember(ByPpid());
  EXPECT_FALSE(w.Find()->bound) << "what a registration says is its word alone";
  w.Edit([](RegistryEdit& e) { return e.RecordLevels(Id(), {Tcb(1)}); });
  EXPECT_FALSE(w.Find()->levels) << "no certificates have come";
  w.Edit([](RegistryEdit& e) -> Status {
    TRY(e.Bind(Id(), SetOf(1)));
    return e.RecordLevels(Id(), {Tcb(1)});
  });
  w.Edit([](RegistryEdit& e) { return e.Bind(Id(), SetOf(1)); });
  EXPECT_EQ(w.Find()->bound, SetOf(1).ppid);
  EXPECT_EQ(w.Find()->levels, std::vector{Tcb(1)});
  EXPECT_EQ(w.registry.mismatches(), 0u);

  const Status other = w.registry.Edit([](RegistryEdit& e) { return e.Bind(Id(), SetOf(2)); });
  ASSERT_FALSE(other.ok());
  EXPECT_EQ(other.error().check, Check::kPckPlatformMismatch);
  EXPECT_EQ(w.registry.mismatches(), 1u);
  EXPECT_EQ(w.Find()->bound, SetOf(1).ppid);
  w.Edit([](RegistryEdit& e) { return e.Bind(Id("OTHER"), SetOf(2)); });
}

TEST(PlatformRegistry, ForgetsAPlatformAndWhatOfItWaits) {
  World w;
  w.Edit([](RegistryEdit& e) { return e.Bind(Id(), SetOf(1)); });
  w.Enqueue(ByPpid());
  w.Enqueue(ByPpid(Id("0A0BC")));
  EXPECT_EQ(w.registry.IdsOf("0a0b").value(), std::vector{Id()})
      << "in either letter case, and no longer ones";
  const auto forget = [](RegistryEdit& e) -> Status {
    TRY_ASSIGN(const bool known, e.Forget(Id()));
    return known ? Status() : Error{ErrorKind::kRejected, Check::kPckNotRegistered, ""};
  };
  w.Edit(forget);
  EXPECT_FALSE(w.Find());
  EXPECT_EQ(w.Waiting().size(), 1u);
  EXPECT_TRUE(w.registry.IdsOf("0A0B").value().empty());
  EXPECT_FALSE(w.registry.Edit(forget).ok()) << "it is not known any more";
  w.Edit([](RegistryEdit& e) { return e.Bind(Id(), SetOf(2)); });
}

TEST(PlatformRegistry, RemembersWhatEachRegistrationAdds) {
  World w;
  EXPECT_FALSE(w.Find());
  w.Remember(ByPpid());
  ASSERT_TRUE(w.Find());
  EXPECT_EQ(w.Find()->ppid, Ppid());
  w.Remember(ByManifest());
  EXPECT_EQ(w.Find()->manifest, Manifest());
  EXPECT_EQ(w.Find()->ppid, Ppid()) << "what a registration does not say stays";
  w.Remember({Id(), {}, intel::EncryptedPpid(), Manifest(0x33)});
  EXPECT_EQ(w.Find()->ppid, Ppid()) << "zeros say nothing";
  EXPECT_EQ(w.Find()->manifest, Manifest(0x33));
  w.Edit([](RegistryEdit& e) { return e.Bind(Id(), SetOf(1)); });
  EXPECT_EQ(w.Find()->fmspc->hex(), "00906ed50000");
  EXPECT_FALSE(w.Find(Id("OTHER")));
  EXPECT_EQ(w.registry.Platforms()->size(), 1u);
}

TEST(PlatformRegistry, KeepsTheLastChoicesOfCertificates) {
  World w;
  w.Edit([](RegistryEdit& e) { return e.RecordChoice(Id(), {Tcb(1), Tcb(0)}); });
  EXPECT_FALSE(w.Find()) << "a look-up of one that nobody registered leaves nothing";
  w.Remember(ByManifest());
  w.Edit([](RegistryEdit& e) { return e.RecordChoice(Id(), {Tcb(1), Tcb(0)}); });
  w.Edit([](RegistryEdit& e) { return e.RecordChoice(Id(), {Tcb(1), Tcb(1)}); });
  EXPECT_EQ(w.Find()->tcbs, (std::vector<TcbMapping>{{Tcb(1), Tcb(1)}})) << "one for a raw TCB";
  w.Edit([](RegistryEdit& e) -> Status {
    for (uint8_t i = 2; i < 2 + RegistryEdit::kMaxTcbs; ++i) TRY(e.RecordChoice(Id(), {Tcb(i), Tcb(1)}));
    return {};
  });
  EXPECT_EQ(w.Find()->tcbs.size(), RegistryEdit::kMaxTcbs);
  EXPECT_EQ(w.Find()->tcbs.front().raw, Tcb(2));
}

TEST(PlatformRegistry, AnEditIsAllOrNothing) {
  World w;
  const Status failed = w.registry.Edit([](RegistryEdit& e) -> Status {
    TRY(e.Remember(ByPpid()));
    TRY(e.Enqueue(ByPpid(), Why::kNew));
    const auto seen = e.Find(Id());
    EXPECT_TRUE(seen.ok() && seen->has_value()) << "an edit sees what it has changed";
    return Error{ErrorKind::kRejected, Check::kPckChain, "no"};
  });
  EXPECT_FALSE(failed.ok());
  EXPECT_FALSE(w.Find());
  EXPECT_TRUE(w.Waiting().empty());

  std::vector<Store::Write> given;
  const Status elsewhere = w.registry.Edit([](RegistryEdit& e) { return e.Remember(ByPpid()); },
                                           [&](const std::vector<Store::Write>& writes) {
                                             given = writes;
                                             return Status();
                                           });
  EXPECT_TRUE(elsewhere.ok());
  EXPECT_EQ(given.size(), 1u);
  EXPECT_FALSE(w.Find()) << "written by whoever was given the writes";
  ASSERT_TRUE(w.store->Apply(given).ok());
  EXPECT_TRUE(w.Find());
}

// ---- the queue ----

TEST(RegistrationQueue, TakesTheSameRegistrationOnce) {
  World w;
  w.Enqueue(ByPpid());
  const auto first = w.Waiting();
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].registration, ByPpid());
  w.Enqueue(ByPpid());
  EXPECT_EQ(w.Waiting(), first) << "nothing changed";
  w.Enqueue(ByPpid(Id(), 6));
  w.Enqueue(ByManifest());
  w.Enqueue(ByPpid(Id("OTHER")));
  EXPECT_EQ(w.Waiting().size(), 4u) << "other TCB, none, other platform";
  EXPECT_TRUE(w.Waiting(Why::kNotAvailable).empty());
}

TEST(RegistrationQueue, WhatIsReadStaysUntilItIsHandedOutAndIsRecoverable) {
  World w;
  w.Enqueue(ByPpid());
  const auto read = w.Waiting();
  EXPECT_EQ(w.Waiting(), read) << "a read takes nothing";
  w.HandOut(read);
  EXPECT_TRUE(w.Waiting().empty());
  const auto handed_out = w.registry.HandedOut().value();
  ASSERT_EQ(handed_out.size(), 1u);
  EXPECT_EQ(handed_out[0].registration, ByPpid());
  w.Enqueue(ByPpid());
  ASSERT_EQ(w.Waiting().size(), 1u);
  EXPECT_TRUE(w.registry.HandedOut()->empty());
}

TEST(RegistrationQueue, WhatChangedAfterTheReadIsNotHandedOut) {
  World w;
  w.Enqueue(ByManifest());
  w.Enqueue(ByPpid());
  const auto read = w.Waiting();
  Registration renewed = ByManifest();
  renewed.manifest = Manifest(0x44);
  w.Enqueue(renewed);
  w.Enqueue(ByPpid(Id("LATER")));
  w.HandOut(read);
  const auto left = w.Waiting();
  ASSERT_EQ(left.size(), 2u);
  EXPECT_EQ(left[0].registration, renewed);
  EXPECT_EQ(left[1].registration.platform, Id("LATER"));
}

TEST(RegistrationQueue, APlatformThatAsksAgainWaitsAgain) {
  World w;
  w.Enqueue(ByPpid());
  w.HandOut(w.Waiting());
  w.Enqueue(ByPpid());
  EXPECT_EQ(w.Waiting().size(), 1u);
  EXPECT_TRUE(w.registry.HandedOut()->empty());
}

TEST(RegistrationQueue, SettlesWhenTheCertificatesAreHere) {
  World w;
  w.Enqueue(ByPpid());
  w.Enqueue(ByPpid(Id(), 6));
  w.Enqueue(ByPpid(Id(), 7), Why::kNotAvailable);
  w.Enqueue(ByPpid(Id(), 8), Why::kNotAvailable);
  w.Enqueue(ByPpid(Id("OTHER")));
  w.Edit([](RegistryEdit& e) { return e.Settle(Id(), {Tcb(8)}); });
  const auto left = w.Waiting();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].registration.platform, Id("OTHER"));
  const auto not_available = w.Waiting(Why::kNotAvailable);
  ASSERT_EQ(not_available.size(), 1u);
  EXPECT_EQ(not_available[0].registration.raw, Tcb(8));
  w.Edit([](RegistryEdit& e) -> Status {
    TRY(e.Enqueue(ByPpid(), Why::kNew));
    return e.Settle(Id(), {});
  });
  EXPECT_EQ(w.Waiting().size(), 1u) << "also what was queued in the same edit";
  EXPECT_TRUE(w.Waiting(Why::kNotAvailable).empty());
}

// Registers `count` platforms at once, from several threads, while another reads the queue and hands out.
void RegisterAtOnce(const std::shared_ptr<Store>& store, int count) {
  PlatformRegistry registry(store);
  std::atomic<int> next{0}, failed{0};
  std::atomic<bool> done{false};
  std::vector<QueuedRegistration> collected;
  std::thread reader([&] {
    while (!done) {
      const auto read = registry.Waiting(Why::kNew);
      if (!read.ok() || !registry.Edit([&](RegistryEdit& e) { return e.HandOut(*read); }).ok()) ++failed;
      collected.insert(collected.end(), read->begin(), read->end());
      std::this_thread::yield();
    }
  });
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = next++; i < count; i = next++) {
        const Registration registration = ByPpid(Id(StrCat("PLATFORM", i)));
        const auto edit = [&](RegistryEdit& e) -> Status {
          TRY(e.Remember(registration));
          return e.Enqueue(registration, Why::kNew);
        };
        if (!registry.Edit(edit).ok()) ++failed;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  done = true;
  reader.join();
  EXPECT_EQ(failed, 0);
  const auto left = registry.Waiting(Why::kNew).value();
  EXPECT_EQ(left.size() + registry.HandedOut()->size(), static_cast<size_t>(count));
  EXPECT_EQ(collected.size() + left.size(), static_cast<size_t>(count))
      << "each was handed out once, or waits";
  EXPECT_EQ(registry.Platforms()->size(), static_cast<size_t>(count));
  for (int i = 0; i < count; ++i) {
    EXPECT_TRUE(registry.Find(Id(StrCat("PLATFORM", i)))->has_value()) << i;
  }
}

TEST(RegistrationQueue, FiveHundredAtOnceLoseNone) { RegisterAtOnce(std::make_shared<MemoryStore>(), 500); }

TEST(RegistrationQueue, FiveHundredAtOnceOnDiskLoseNone) {
  const TempDir directory;
  auto opened = RocksStore::Open(directory / "store");
  ASSERT_TRUE(opened.ok()) << opened.error().message;
  RegisterAtOnce(std::shared_ptr<Store>(std::move(opened).value()), 500);
}

}  // namespace
}  // namespace thimble
