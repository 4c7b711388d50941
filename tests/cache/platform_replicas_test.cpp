// SPDX-License-Identifier: Apache-2.0
//
// The registry of several replicas over one list of facts, which is in memory here.
#include <gtest/gtest.h>

#include <map>

#include "cache/memory_store.h"
#include "cache/platform_registry.h"
#include "tcb/check.h"
#include "tests/cache/platforms.h"

namespace thimble {
namespace {

using namespace test;
using Why = QueuedRegistration::Why;

// As PostgreSQL has it (service/shared/postgres_store.h), without numbers that are taken and not used.
class Facts final : public SharedFacts {
 public:
  Result<bool> ApplyIf(const std::vector<Store::Expectation>& expected,
                       const std::vector<Store::Write>& batch) override {
    ++calls;
    if (down) return Error{ErrorKind::kUnavailable, Check::kStoreIo, "down"};
    if (before_write) std::exchange(before_write, {})();
    TRY_ASSIGN(const bool written, store_.ApplyIf(expected, batch));
    if (!written) return false;
    for (const Store::Write& write : batch) changes_.emplace_back(write);
    return true;
  }
  Result<SharedChanges> ChangesAfter(const std::string& known, int64_t number) override {
    if (down) return Error{ErrorKind::kUnavailable, Check::kStoreIo, "down"};
    SharedChanges out;
    const int64_t last = first_number + static_cast<int64_t>(changes_.size()) - 1;
    out.put_back = known == database && number > last;
    out.database = database;
    out.anew = known != database || out.put_back;
    const size_t from = out.anew ? 0 : static_cast<size_t>(std::max<int64_t>(number - first_number + 1, 0));
    const size_t end = std::min(changes_.size(), from + kAtOnce);
    out.writes.assign(changes_.begin() + static_cast<ptrdiff_t>(from),
                      changes_.begin() + static_cast<ptrdiff_t>(end));
    for (size_t i = from; i < end; ++i) out.numbers.push_back(first_number + static_cast<int64_t>(i));
    out.last = first_number + static_cast<int64_t>(end) - 1;
    out.more = end < changes_.size();
    return out;
  }

  void Put(const std::string& name, std::optional<std::string> value) {  // past all rules
    (void)store_.Apply({{name, value}});
    changes_.push_back({name, std::move(value)});
  }
  // As it was after so many changes.
  void PutBack(size_t changes) {
    changes_.resize(changes);
    (void)store_.Scan("", [this](std::string_view name, std::string_view) {
      names_.emplace_back(name);
      return true;
    });
    for (const std::string& name : names_) (void)store_.Apply({{name, std::nullopt}});
    for (const Store::Write& change : changes_) (void)store_.Apply({change});
  }

  std::string database = "first";
  static constexpr int64_t first_number = 1;
  bool down = false;
  int calls = 0;
  std::function<void()> before_write;

 private:
  static constexpr size_t kAtOnce = 2;
  MemoryStore store_;
  std::vector<Store::Write> changes_;
  std::vector<std::string> names_;
};

struct Replica {
  explicit Replica(Facts& facts) : registry(store, nullptr, &facts) {}
  Status Bind(uint8_t ppid, const intel::PlatformId& id = Id()) {
    intel::PckSet set;
    set.fmspc = *intel::Fmspc::FromHex("00906ED50000");
    set.ppid = *intel::Ppid::From(Bytes(16, ppid));
    return registry.Edit([&](RegistryEdit& edit) { return edit.Bind(id, set); });
  }
  Status Enqueue(const intel::PlatformId& id = Id()) {
    return registry.Edit([&](RegistryEdit& edit) { return edit.Enqueue(ByPpid(id), Why::kNew); });
  }
  size_t Pull() { return registry.Pull().value(); }
  std::optional<Platform> Find(const intel::PlatformId& id = Id()) { return registry.Find(id).value(); }

  std::shared_ptr<Store> store = std::make_shared<MemoryStore>();
  PlatformRegistry registry;
};

struct Replicas {
  Facts facts;
  Replica a{facts}, b{facts};
};

TEST(PlatformReplicas, HaveWhatOneOfThemHas) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  ASSERT_TRUE(r.a.Enqueue().ok());
  EXPECT_FALSE(r.b.Find());
  EXPECT_EQ(r.b.Pull(), 2u);
  EXPECT_EQ(r.b.Find(), r.a.Find());
  EXPECT_EQ(r.b.registry.Waiting(Why::kNew).value(), r.a.registry.Waiting(Why::kNew).value());
  EXPECT_EQ(r.b.registry.platforms(), 1u);
  EXPECT_EQ(r.b.Pull(), 0u) << "once is enough";
  EXPECT_EQ(r.a.Pull(), 0u) << "its own";
}

TEST(PlatformReplicas, AnIdIsOnePlatformsWhicheverWasFaster) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  const Status second = r.b.Bind(2);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().check, Check::kPckPlatformMismatch) << "b has not heard of it before it asked";
  EXPECT_EQ(r.b.Find()->bound, r.a.Find()->bound);
}

TEST(PlatformReplicas, WhoWritesInBetweenIsSeen) {
  Replicas r;
  r.facts.before_write = [&] { ASSERT_TRUE(r.b.Enqueue().ok()); };
  ASSERT_TRUE(
      r.a.registry.Edit([](RegistryEdit& edit) { return edit.Enqueue(ByPpid(Id(), 5), Why::kNotAvailable); })
          .ok());
  r.b.Pull();
  EXPECT_EQ(r.a.registry.Waiting(Why::kNotAvailable)->size(), 1u);
  EXPECT_EQ(r.b.registry.Waiting(Why::kNotAvailable).value(),
            r.a.registry.Waiting(Why::kNotAvailable).value());
  EXPECT_TRUE(r.b.registry.Waiting(Why::kNew)->empty());
  EXPECT_EQ(r.b.registry.Waiting(Why::kNotAvailable)->front().revision, 2u) << "one change upon the other";
}

TEST(PlatformReplicas, WhatOneForgetsAllForget) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  ASSERT_TRUE(r.a.Enqueue().ok());
  r.b.Pull();
  ASSERT_TRUE(r.b.registry
                  .Edit([](RegistryEdit& edit) -> Status {
                    TRY(edit.Forget(Id()));
                    return {};
                  })
                  .ok());
  r.a.Pull();
  EXPECT_FALSE(r.a.Find());
  EXPECT_EQ(r.a.registry.platforms(), 0u);
  EXPECT_TRUE(r.a.Bind(2).ok()) << "it is another's now";
}

TEST(PlatformReplicas, LevelsAreEachReplicasOwn) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  r.b.Pull();
  const int calls = r.facts.calls;
  r.facts.down = true;
  ASSERT_TRUE(r.a.registry.Edit([](RegistryEdit& edit) { return edit.RecordLevels(Id(), {Tcb(1)}); }).ok())
      << "what only concerns its certificates needs no database";
  EXPECT_EQ(r.facts.calls, calls);
  r.facts.down = false;
  ASSERT_TRUE(r.b.registry.Edit([](RegistryEdit& edit) {
                            return edit.RecordChoice(Id(), {Tcb(5), Tcb(4)});
                          })
                  .ok());
  r.a.Pull();
  EXPECT_EQ(r.a.Find()->tcbs.size(), 1u);
  EXPECT_EQ(r.a.Find()->levels, std::vector<intel::PckTcb>{Tcb(1)});
  EXPECT_FALSE(r.b.Find()->levels);
  ASSERT_TRUE(r.a.Enqueue().ok()) << "they agree on what they share";
}

TEST(PlatformReplicas, WithoutTheDatabaseNothingIsHalfDone) {
  Replicas r;
  r.facts.down = true;
  const Status bound = r.a.Bind(1);
  ASSERT_FALSE(bound.ok());
  EXPECT_EQ(bound.error().kind, ErrorKind::kUnavailable);
  EXPECT_FALSE(r.a.Find());
  EXPECT_FALSE(r.a.registry.Pull().ok());
  r.facts.down = false;
  EXPECT_TRUE(r.a.Bind(1).ok());
}

TEST(PlatformReplicas, OneThatJoinsGivesWhatItHasAndTakesWhatIsThere) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  ASSERT_TRUE(r.a.Bind(3, Id("0C")).ok());
  PlatformRegistry before(r.b.store);  // as it was alone
  const auto bind = [&](const intel::PlatformId& id, uint8_t ppid) {
    return before.Edit([&](RegistryEdit& edit) {
      intel::PckSet set;
      set.ppid = *intel::Ppid::From(Bytes(16, ppid));
      return edit.Bind(id, set);
    });
  };
  ASSERT_TRUE(bind(Id(), 2).ok());
  ASSERT_TRUE(bind(Id("0D"), 4).ok());
  EXPECT_EQ(r.b.Pull(), 3u);
  EXPECT_EQ(r.b.Find()->bound, r.a.Find()->bound) << "what the others have agreed on holds";
  EXPECT_TRUE(r.b.Find(Id("0C")));
  r.a.Pull();
  EXPECT_TRUE(r.a.Find(Id("0D")));
  EXPECT_EQ(r.b.Pull(), 0u);
}

// Rows are the word of whoever can write to the database.
TEST(PlatformReplicas, WhatIsNoEntryOfTheRegistryIsLeftOut) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  ASSERT_TRUE(r.a.Enqueue().ok());
  const std::string good = r.a.store->Get("registry/platform/" + Id().name()).value().value();
  ASSERT_TRUE(r.b.store->Apply({{"baseline/default", "what is in force"}}).ok());
  r.facts.Put("baseline/default", "forged");
  r.facts.Put("baseline/default", std::nullopt);
  r.facts.Put("registry/platform/" + Id("0E").name(), good);  // another's
  r.facts.Put("registry/platform/" + Id("0F").name(), "{}");
  r.facts.Put("registry/platform/" + Id("1F").name(), "");
  r.facts.Put("registry/queue/" + Id().name() + "/x", "{}");
  r.facts.Put("registry/platform/" + Id().name(), good + "\n");
  EXPECT_EQ(r.b.Pull(), 2u);
  EXPECT_EQ(r.b.registry.left_out(), 7u);
  EXPECT_EQ(r.b.store->Get("baseline/default").value(), "what is in force");
  EXPECT_EQ(r.b.Find(), r.a.Find());
  EXPECT_TRUE(r.b.registry.Platforms().ok());
  EXPECT_EQ(r.b.registry.platforms(), 1u);
}

TEST(PlatformReplicas, ADatabaseThatWasPutBackIsGivenWhatCameSince) {
  Replicas r;
  ASSERT_TRUE(r.a.Enqueue().ok());
  ASSERT_TRUE(r.a.Bind(1, Id("0C")).ok());
  r.a.Pull(), r.b.Pull();
  const auto forget = [](RegistryEdit& edit) -> Status {
    TRY(edit.Forget(Id("0C")));
    return {};
  };
  ASSERT_TRUE(r.a.registry.Edit(forget).ok());
  r.a.Pull(), r.b.Pull();
  const int before = 3;  // what was forgotten is a deletion there
  ASSERT_TRUE(r.a.Bind(2, Id("0C")).ok());
  ASSERT_TRUE(r.a.Bind(3, Id("0D")).ok());
  r.a.Pull(), r.b.Pull();
  r.facts.PutBack(before);
  r.b.Pull(), r.a.Pull();
  for (Replica* const replica : {&r.a, &r.b}) {
    ASSERT_TRUE(replica->Find(Id("0C")));
    EXPECT_EQ(replica->Find(Id("0C"))->bound, intel::Ppid::From(Bytes(16, 2)));
    EXPECT_TRUE(replica->Find(Id("0D")));
  }
  Replica late(r.facts);
  late.Pull();
  EXPECT_EQ(late.Find(Id("0C"))->bound, intel::Ppid::From(Bytes(16, 2))) << "the database has it again";
  EXPECT_TRUE(late.Find(Id("0D")));
}

// Replicas for a while, alone for a while, and replicas again.
TEST(PlatformReplicas, WhatRegisteredWithoutThemIsGivenToThem) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  r.a.Pull();
  {
    PlatformRegistry alone(r.a.store);
    ASSERT_TRUE(
        alone.Edit([](RegistryEdit& edit) { return edit.Enqueue(ByPpid(Id("0D")), Why::kNew); }).ok());
  }
  PlatformRegistry again(r.a.store, nullptr, &r.facts);
  EXPECT_EQ(again.Pull().value(), 1u);
  EXPECT_EQ(r.b.Pull(), 2u);
}

// Whatever made a copy another than it takes itself for.
TEST(PlatformReplicas, ACopyThatIsNotWhatItTakesItselfForBeginsAnew) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  r.a.Pull();
  ASSERT_TRUE(r.a.store->Apply({{"registry/platform/" + Id().name(), std::nullopt}}).ok());
  EXPECT_TRUE(r.a.registry.Edit([](RegistryEdit& edit) { return edit.Remember(ByPpid(Id())); }).ok());
  EXPECT_EQ(r.a.Find()->bound, intel::Ppid::From(Bytes(16, 1)));
}

TEST(PlatformReplicas, AnotherDatabaseIsGivenAll) {
  Replicas r;
  ASSERT_TRUE(r.a.Bind(1).ok());
  r.a.Pull();
  Facts fresh;
  fresh.database = "second";
  PlatformRegistry a(r.a.store, nullptr, &fresh), b(r.b.store, nullptr, &fresh);
  EXPECT_EQ(a.Pull().value(), 1u);
  EXPECT_EQ(b.Pull().value(), 1u);
  EXPECT_EQ(b.Find(Id()).value()->bound, r.a.Find()->bound);
}

}  // namespace
}  // namespace thimble
