// SPDX-License-Identifier: Apache-2.0
//
// The journal stays short, holds what the store took, and its lines come back as they were written.
#include "service/platforms/registration_journal.h"

#include <gtest/gtest.h>

#include <filesystem>

#include "service/platforms/journal_contents.h"
#include "tests/service/platforms/journal_world.h"

namespace thimble {
namespace {

namespace fs = std::filesystem;
using namespace test;

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
