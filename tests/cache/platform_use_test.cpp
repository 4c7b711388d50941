// SPDX-License-Identifier: Apache-2.0
#include "cache/platform_use.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "tcb/base/ascii.h"

namespace thimble {
namespace {

struct Uses {
  std::shared_ptr<MemoryStore> store = std::make_shared<MemoryStore>();
  PlatformUse use{store, 3};

  void Add(const std::string& name, int at) {
    const auto note = use.NoteStored(name, Instant(Seconds(at)));
    ASSERT_TRUE(store->Apply(note->writes).ok());
    use.Stored(*note);
  }
  void Touch(const std::string& name, int at) { EXPECT_TRUE(use.NoteUse(name, Instant(Seconds(at))).ok()); }
  std::optional<std::string> Overflow() { return use.Overflow().value(); }
  void Remove(const std::string& name) {
    ASSERT_TRUE(store->Apply(use.Removal(name).value()).ok());
    use.Removed();
  }
  size_t Entries() {
    size_t entries = 0;
    EXPECT_TRUE(store->Scan("", [&](auto, auto) { return ++entries > 0; }).ok());
    return entries;
  }
};

TEST(PlatformUse, TheLeastRecentlyUsedGoesFirst) {
  Uses uses;
  uses.Add("a", 10);
  uses.Add("b", 20);
  uses.Add("c", 30);
  EXPECT_FALSE(uses.Overflow());
  uses.Touch("a", 40);
  uses.Add("d", 50);
  EXPECT_EQ(uses.Overflow(), "b");
  uses.Remove("b");
  EXPECT_FALSE(uses.Overflow());
  EXPECT_EQ(uses.Entries(), 6u) << "two for each of a, c, d";
  uses.Add("e", 60);
  EXPECT_EQ(uses.Overflow(), "c");
}

TEST(PlatformUse, StoringAgainIsAUseNotAnotherItem) {
  Uses uses;
  for (int i = 0; i < 10; ++i) uses.Add("a", 10 + i);
  uses.Add("b", 30);
  uses.Add("c", 40);
  EXPECT_FALSE(uses.Overflow());
  EXPECT_EQ(uses.Entries(), 6u);
}

TEST(PlatformUse, AUseOfWhatIsGoneIsNotNoted) {
  Uses uses;
  uses.Touch("gone", 10);
  EXPECT_EQ(uses.Entries(), 0u);
}

TEST(PlatformUse, OutlivesTheProcess) {
  Uses uses;
  for (const auto& [name, at] : {std::pair("a", 40), {"b", 20}, {"c", 30}}) uses.Add(name, at);
  PlatformUse later(uses.store, 2);
  ASSERT_TRUE(later.CountItems().ok());
  EXPECT_EQ(later.Overflow().value(), "b");
}

TEST(PlatformUse, RoomsAreCountedApart) {
  Uses uses;
  PlatformUse lookups(uses.store, 1, "lookup/");
  for (const char* const name : {"x", "y"}) {
    const auto note = lookups.NoteStored(name, Instant(Seconds(1)));
    ASSERT_TRUE(uses.store->Apply(note->writes).ok());
    lookups.Stored(*note);
  }
  for (const auto& [name, at] : {std::pair("a", 40), {"b", 20}, {"c", 30}}) uses.Add(name, at);
  EXPECT_FALSE(uses.Overflow());
  EXPECT_EQ(lookups.Overflow().value(), "x");
  PlatformUse later(uses.store, 3);
  ASSERT_TRUE(later.CountItems().ok());
  EXPECT_EQ(later.items(), 3u);
}

TEST(PlatformUse, SortsTimesAsNumbers) {
  EXPECT_LT(TwentyDigits(9), TwentyDigits(10));
  EXPECT_EQ(TwentyDigits(UINT64_MAX).size(), 20u);
}

}  // namespace
}  // namespace thimble
