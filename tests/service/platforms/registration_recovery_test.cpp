// SPDX-License-Identifier: Apache-2.0
//
// Registrations lie in two places: what one lacks the other gives back, and what neither has is counted.
#include "service/platforms/registration_recovery.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "service/platforms/journal_contents.h"
#include "tests/service/platforms/journal_world.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using namespace test;

TEST(RegistrationRecovery, AfterAGoodStopThereIsNothingToSay) {
  Data data;
  EXPECT_TRUE(data.AllIsWell());
  data.Start();
  EXPECT_TRUE(data.AllIsWell()) << "empty";
  Registered(data, 5);
  ASSERT_TRUE(data.Settle(2).ok());
  const Entries before = EntriesIn(*data.store);
  EXPECT_EQ(before.size(), 9u);
  data.Start();
  EXPECT_TRUE(data.AllIsWell());
  EXPECT_EQ(data.found.finished, 0u);
  EXPECT_EQ(EntriesIn(*data.store), before);
  EXPECT_EQ(data.platforms(), 5u);
}

TEST(RegistrationRecovery, AStoreThatIsGoneIsFilledFromTheJournal) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 30).store);
  data.store = std::make_shared<MemoryStore>();
  data.Start();
  EXPECT_EQ(EntriesIn(*data.store), before);
  EXPECT_EQ(data.found.to_store, before.size());
  EXPECT_EQ(data.found.given_back.size(), 20u) << "the first of them are named";
  EXPECT_EQ(data.found.given_back.front(), "AB0/0000");
  EXPECT_EQ(data.found.lost, 0u);
  data.Start();
  EXPECT_TRUE(data.AllIsWell());
}

// The journal repeats no certificates: what was listed when they came says nothing of those that the store has now.
TEST(RegistrationRecovery, TheLevelsOfWhatCameBackAreForgottenOnce) {
  Data data;
  ASSERT_TRUE(data.Bind(1).ok());
  data.Start();
  EXPECT_TRUE(data.found.from_journal.empty());
  EXPECT_TRUE(data.Find(1)->levels) << "the store had it all the time";
  data.store = std::make_shared<MemoryStore>();
  data.Start();
  EXPECT_EQ(data.found.from_journal, std::vector<std::string>{Data::Id(1).name()});
  ASSERT_TRUE(data.Find(1));
  EXPECT_TRUE(data.Find(1)->bound);
  EXPECT_FALSE(data.Find(1)->levels);
  data.Start();
  EXPECT_TRUE(data.AllIsWell()) << "store and journal agree";
  EXPECT_TRUE(data.found.from_journal.empty());
}

TEST(RegistrationRecovery, AJournalThatIsGoneIsWrittenFromTheStore) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 30).store);
  fs::remove(data.path());
  data.Start();
  EXPECT_TRUE(data.found.journal_missing);
  EXPECT_EQ(data.found.to_journal, before.size());
  data.store = std::make_shared<MemoryStore>();
  data.Start();
  EXPECT_EQ(EntriesIn(*data.store), before);
}

TEST(RegistrationRecovery, AStoreOfBeforeTheJournalGetsOneWithoutAWord) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 3).store);
  fs::remove(data.path());
  ASSERT_TRUE(data.store->Apply({{std::string(kJournalMarkName), std::nullopt}}).ok());
  data.Start();
  EXPECT_FALSE(data.found.journal_missing);
  EXPECT_EQ(EntriesIn(*data.store), before);
}

TEST(RegistrationRecovery, OneLostEntryComesBackByName) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 5).store);
  const std::string lost = "registry/platform/" + Data::Id(3).name();
  ASSERT_TRUE(data.store->Apply({{lost, std::nullopt}}).ok());
  data.Start();
  EXPECT_EQ(EntriesIn(*data.store), before);
  EXPECT_EQ(data.found.to_store, 1u);
  EXPECT_EQ(data.found.given_back, std::vector<std::string>{Data::Id(3).name()});
}

TEST(RegistrationRecovery, AnEntryThatIsNoRecordIsReplaced) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 2).store);
  ASSERT_TRUE(data.store->Apply({{"registry/platform/" + Data::Id(1).name(), "{}"}}).ok());
  data.Start();
  EXPECT_EQ(EntriesIn(*data.store), before);
  EXPECT_EQ(data.found.to_store, 1u);
}

// Killed between journal and store.
TEST(RegistrationRecovery, AWriteThatWasCutShortIsFinishedWithoutAWord) {
  Data data;
  Registered(data, 2);
  const Entries one = EntriesIn(*data.store, "");
  ASSERT_TRUE(data.Register(7).ok());
  ASSERT_TRUE(data.Settle(0).ok());
  const Entries both = EntriesIn(*data.store);
  data.store = std::make_shared<MemoryStore>();
  for (const auto& [name, value] : one) ASSERT_TRUE(data.store->Apply({{name, value}}).ok());
  data.Start();
  EXPECT_TRUE(data.AllIsWell());
  EXPECT_EQ(data.found.finished, 3u) << "two entries of a platform, and one that is removed";
  EXPECT_EQ(EntriesIn(*data.store), both);
}

TEST(RegistrationRecovery, WhatWasRemovedDoesNotComeBack) {
  Data data;
  Registered(data, 3);
  ASSERT_TRUE(data.Settle(1).ok());
  const Entries before = EntriesIn(*data.store);
  data.store = std::make_shared<MemoryStore>();
  data.Start();
  EXPECT_EQ(EntriesIn(*data.store), before);
}

// However the journal was written anew since.
TEST(RegistrationRecovery, AForgottenPlatformDoesNotComeBackWithAnOlderStore) {
  for (const bool damaged : {false, true}) {
    Data data;
    Registered(data, 3);
    const Entries older = EntriesIn(*data.store, "");
    ASSERT_TRUE(data.Forget(1).ok());
    if (damaged) {
      Write(data.path(), Flipped(Read(data.path()), 8 * 100));
      data.Start();
      EXPECT_GE(data.found.damaged_lines, 1u);
    } else {
      for (int round = 0; round < 300; ++round) {
        ASSERT_TRUE(data.Register(0).ok());
        ASSERT_TRUE(data.Settle(0).ok());
      }
    }
    EXPECT_GT(JournalContents::Read(data.path())->last().generation, 1u);
    data.store = std::make_shared<MemoryStore>();
    for (const auto& [name, value] : older) ASSERT_TRUE(data.store->Apply({{name, value}}).ok());
    data.Start();
    EXPECT_FALSE(data.Find(1)) << damaged;
    EXPECT_EQ(data.platforms(), 2u) << damaged;
    EXPECT_TRUE(EntriesIn(*data.store, "registry/queue/AB1/").empty()) << "nor waits for certificates";
    ASSERT_TRUE(data.Register(1).ok());
    data.Start();
    EXPECT_TRUE(data.Find(1)) << "but by registering";
  }
}

// Written anew when nothing was left to keep, and killed before the store was told.
TEST(RegistrationRecovery, AnEmptiedJournalHasLostNoLines) {
  Data data;
  Registered(data, 3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(data.Forget(i).ok());
  Write(data.path(), "");
  data.Start();
  EXPECT_TRUE(data.AllIsWell());
  ASSERT_TRUE(data.Register(7).ok());
  data.Start();
  EXPECT_TRUE(data.AllIsWell()) << data.found.damaged_lines;
  EXPECT_EQ(data.platforms(), 1u);
}

TEST(RegistrationRecovery, ATornLineIsNobodysRegistration) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 3).store);
  const std::string journal = Read(data.path());
  const size_t last = journal.rfind('\n', journal.size() - 2) + 1;
  for (size_t more = 1; more < journal.size() - last; more += 97) {
    Write(data.path(), journal + journal.substr(last, more));
    data.Start();
    EXPECT_TRUE(data.AllIsWell()) << more;
    EXPECT_EQ(Read(data.path()), journal);
    EXPECT_EQ(EntriesIn(*data.store), before);
  }
}

// Whichever bit of the journal flips: the store has everything, and the journal has it again afterwards.
TEST(RegistrationRecovery, EveryFlippedBitIsMendedFromTheStoreAndTold) {
  Data data;
  const Entries before = EntriesIn(*Registered(data, 3).store);
  fs::remove(data.path());
  data.Start();  // a line a platform, as it is written anew each time
  for (const size_t bit : BitsOf(Read(data.path()))) {
    const std::string journal = Read(data.path());
    if (bit / 8 >= journal.size()) continue;
    Write(data.path(), Flipped(journal, bit));
    data.Start();
    EXPECT_EQ(EntriesIn(*data.store), before) << bit;
    EXPECT_GE(data.found.damaged_lines, 1u) << bit;
    EXPECT_EQ(data.found.lost, 0u) << bit;
    data.Start();
    EXPECT_TRUE(data.AllIsWell()) << bit;
  }
}

// And with the store gone as well: what is missing is what is told, and told again until somebody has seen it.
TEST(RegistrationRecovery, WhatNeitherHasIsCounted) {
  Data whole;
  Registered(whole, 4);
  const std::string journal = Read(whole.path());
  for (const size_t bit : BitsOf(journal)) {
    Data data;
    Write(data.path(), Flipped(journal, bit));
    data.store = std::make_shared<MemoryStore>();
    data.Start();
    EXPECT_EQ(data.platforms() + data.found.lost, 4u) << bit;
    EXPECT_GE(data.found.damaged_lines, 1u) << bit;
    EXPECT_EQ(data.found.earlier_losses.empty(), data.found.lost == 0) << bit;
    const uint64_t lost = data.found.lost;
    data.Start();
    EXPECT_EQ(data.found.lost, 0u);
    EXPECT_EQ(data.found.earlier_losses.empty(), lost == 0) << bit;
    fs::remove(data.directory / "registrations.lost");
    data.Start();
    EXPECT_TRUE(data.AllIsWell());
  }
}

}  // namespace
}  // namespace thimble
