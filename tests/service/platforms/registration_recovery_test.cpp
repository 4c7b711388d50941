// SPDX-License-Identifier: Apache-2.0
//
// Registrations lie in two places: what one lacks the other gives back, and what neither has is counted.
#include "service/platforms/registration_recovery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "cache/memory_store.h"
#include "cache/platform_registry.h"
#include "service/platforms/journal_contents.h"
#include "tests/cache/platforms.h"
#include "tests/support/temp_dir.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using test::ByPpid;
using Why = QueuedRegistration::Why;
using Entries = std::map<std::string, std::string>;

Entries EntriesIn(Store& store, std::string_view prefix = "registry/") {
  Entries entries;
  EXPECT_TRUE(store
                  .Scan(prefix,
                        [&](std::string_view name, std::string_view value) {
                          entries[std::string(name)] = value;
                          return true;
                        })
                  .ok());
  return entries;
}

std::string Read(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}
void Write(const std::string& path, std::string_view text) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
}

// All bits of line feeds and tabs, and every eight hundredth or so of the rest.
std::vector<size_t> BitsOf(std::string_view text) {
  std::vector<size_t> bits;
  for (size_t bit = 0; bit < text.size() * 8; ++bit) {
    const char byte = text.at(bit / 8);
    if (byte == '\n' || byte == '\t' || bit % 811 == 0) bits.push_back(bit);
  }
  return bits;
}
std::string Flipped(std::string text, size_t bit) {
  text.at(bit / 8) = static_cast<char>(text.at(bit / 8) ^ (1 << (bit % 8)));
  return text;
}

// A data directory of which the store is in memory.
class Data {
 public:
  Data() { Start(); }

  // As a process that begins finds them.
  void Start() {
    registry_.reset();
    journal_.reset();
    auto recovered = RecoverRegistrations(*store, directory.path(), Instant(Seconds(1'780'000'000)));
    ASSERT_TRUE(recovered.ok()) << recovered.error().message;
    journal_ = std::move(recovered->journal);
    found = std::move(recovered->findings);
    registry_ = std::make_unique<PlatformRegistry>(store, journal_.get());
    ASSERT_TRUE(registry_->CountPlatforms().ok());
    ASSERT_TRUE(registry_->ForgetLevels(found.from_journal).ok());
  }
  Status Register(int i) {
    const Registration registration = ByPpid(Id(i));
    return registry_->Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Remember(registration));
      return edit.Enqueue(registration, Why::kNew);
    });
  }
  Status Settle(int i) {
    return registry_->Edit([&](RegistryEdit& edit) { return edit.Settle(Id(i), {}); });
  }
  Status Bind(int i) {
    return registry_->Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Bind(Id(i), {}));
      return edit.RecordLevels(Id(i), {intel::PckTcb{}});
    });
  }
  Status Forget(int i) {
    return registry_->Edit([&](RegistryEdit& edit) -> Status {
      TRY(edit.Forget(Id(i)));
      return {};
    });
  }
  std::optional<Platform> Find(int i) const { return registry_->Find(Id(i)).value(); }
  static intel::PlatformId Id(int i) { return test::Id(StrCat("AB", i)); }
  std::string path() const { return directory / "registrations.journal"; }
  bool AllIsWell() const {
    return found.to_store == 0 && found.to_journal == 0 && found.damaged_lines == 0 && found.lost == 0 &&
           !found.journal_missing && found.earlier_losses.empty();
  }
  size_t platforms() const { return registry_->platforms(); }

  test::TempDir directory;
  std::shared_ptr<Store> store = std::make_shared<MemoryStore>();
  RegistrationFindings found;

 private:
  std::unique_ptr<RegistrationJournal> journal_;
  std::unique_ptr<PlatformRegistry> registry_;
};

Data& Registered(Data& data, int count) {
  for (int i = 0; i < count; ++i) EXPECT_TRUE(data.Register(i).ok());
  return data;
}

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

TEST(RegistrationJournal, IsWrittenAnewWhenItHasDoubled) {
  Data data;
  Registered(data, 3);
  uintmax_t largest = 0;
  for (int round = 0; round < 500; ++round) {
    ASSERT_TRUE(data.Register(round % 40).ok());
    ASSERT_TRUE(data.Settle(round % 40).ok());
    largest = std::max(largest, fs::file_size(data.path()));
  }
  EXPECT_LT(largest, 600'000u) << "a thousand lines have twice as many bytes";
  EXPECT_GT(JournalContents::Read(data.path())->last().generation, 1u);
  const Entries before = EntriesIn(*data.store);
  data.Start();
  EXPECT_TRUE(data.AllIsWell());
  data.store = std::make_shared<MemoryStore>();
  data.Start();
  EXPECT_EQ(EntriesIn(*data.store), before);
}

TEST(RegistrationJournal, IsWrittenAnewAlsoWhenTheProcessStartsOften) {
  Data data;
  for (int round = 0; round < 500; ++round) {
    if (round % 25 == 0) data.Start();
    ASSERT_TRUE(data.Register(round % 3).ok());
    ASSERT_TRUE(data.Settle(round % 3).ok());
  }
  EXPECT_GT(JournalContents::Read(data.path())->last().generation, 1u);
  EXPECT_LT(fs::file_size(data.path()), 600'000u);
}

class FullStore final : public Store {
 public:
  explicit FullStore(std::shared_ptr<Store> below) : below_(std::move(below)) {}
  Result<std::optional<std::string>> Get(std::string_view name) override { return below_->Get(name); }
  Status Apply(const std::vector<Store::Write>& batch) override {
    return full ? Status(Error{ErrorKind::kInternal, {}, "full"}) : below_->Apply(batch);
  }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    return below_->Scan(prefix, visit);
  }
  bool full = false;

 private:
  std::shared_ptr<Store> below_;
};

TEST(RegistrationJournal, WhatTheStoreDidNotTakeIsNotInIt) {
  Data data;
  Registered(data, 2);
  const auto full = std::make_shared<FullStore>(data.store);
  data.store = full;
  data.Start();
  const std::string before = Read(data.path());
  full->full = true;
  EXPECT_FALSE(data.Register(5).ok());
  EXPECT_EQ(Read(data.path()), before);
  EXPECT_EQ(data.platforms(), 2u);
  full->full = false;
  EXPECT_TRUE(data.Register(6).ok());
  data.Start();
  EXPECT_TRUE(data.AllIsWell());
  EXPECT_EQ(data.platforms(), 3u);
}

TEST(JournalLine, ComesBackAsItWasWritten) {
  const JournalLine line{{3, 17},
                         {{"registry/platform/AB/0000", R"({"a":"\t"})"}, {"registry/queue/AB/0000/-", {}}}};
  std::string text = EncodeJournalLine(line);
  ASSERT_EQ(text.back(), '\n');
  text.pop_back();
  const auto read = DecodeJournalLine(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mark, line.mark);
  ASSERT_EQ(read->changes.size(), 2u);
  EXPECT_EQ(read->changes.at(0).value, line.changes.at(0).value);
  EXPECT_EQ(read->changes.at(1).value, std::nullopt);
  for (size_t i = 0; i < text.size(); ++i) {
    std::string other = text;
    other[i] = static_cast<char>(other[i] ^ 1);
    EXPECT_FALSE(DecodeJournalLine(other)) << i;
  }
  EXPECT_EQ(PlatformIn("registry/queue/AB/0000/-"), "AB/0000");
  EXPECT_EQ(PlatformIn("registry/platform/AB/0000"), "AB/0000");
  EXPECT_EQ(PlatformIn("item/x"), "");
}

}  // namespace
}  // namespace thimble
