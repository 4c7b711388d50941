// SPDX-License-Identifier: Apache-2.0
//
// The contract of cache/store.h, held against every implementation: by store_contract_test.cpp, and for PostgreSQL by
// tests/service/shared/. Whoever includes it, in one file of a program, says what to hold it against.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <memory>
#include <ostream>
#include <thread>

#include "cache/store.h"
#include "tcb/check.h"
#include "tests/support/temp_dir.h"

namespace thimble::test {

struct StoreMaker {
  std::string name;
  // Opens it in this directory; again after it was closed: null, the test has failed.
  std::function<std::unique_ptr<Store>(const TempDir&)> open;
  bool outlives = false;  // what was written is there when it is opened again
};

inline void PrintTo(const StoreMaker& maker, std::ostream* out) { *out << maker.name; }

class StoreContract : public testing::TestWithParam<StoreMaker> {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    store_.reset();
    store_ = GetParam().open(directory_);
    if (!store_) GTEST_SKIP() << "there is none to open here";
  }
  std::optional<std::string> Read(std::string_view name) { return store_->Get(name).value(); }
  bool Write(const std::string& name, std::optional<std::string> value) {
    return store_->Apply({{name, std::move(value)}}).ok();
  }
  std::vector<std::string> Names(std::string_view prefix) {
    std::vector<std::string> names;
    EXPECT_TRUE(store_
                    ->Scan(prefix,
                           [&](std::string_view name, std::string_view) {
                             names.emplace_back(name);
                             return true;
                           })
                    .ok());
    return names;
  }

  TempDir directory_;
  std::unique_ptr<Store> store_;
};

TEST_P(StoreContract, AnUnknownNameIsNoError) {
  const auto read = store_->Get("nothing");
  ASSERT_TRUE(read.ok());
  EXPECT_FALSE(read->has_value());
}

TEST_P(StoreContract, WhatWasWrittenIsRead) {
  const std::string bytes("a\0b\xff", 4);
  ASSERT_TRUE(Write(bytes, bytes));
  EXPECT_EQ(Read(bytes), bytes);
  ASSERT_TRUE(Write(bytes, ""));
  EXPECT_EQ(Read(bytes), "");
  ASSERT_TRUE(Write(bytes, std::nullopt));
  EXPECT_FALSE(Read(bytes));
  EXPECT_TRUE(Write(bytes, std::nullopt)) << "what is gone can be deleted";
}

TEST_P(StoreContract, LaterWritesOfABatchWin) {
  ASSERT_TRUE(store_->Apply({{"a", "1"}, {"a", std::nullopt}, {"b", std::nullopt}, {"b", "2"}}).ok());
  EXPECT_FALSE(Read("a"));
  EXPECT_EQ(Read("b"), "2");
  EXPECT_TRUE(store_->Apply({}).ok());
}

TEST_P(StoreContract, LimitsHoldForTheWholeBatch) {
  EXPECT_TRUE(Write(std::string(512, 'n'), std::string(16u << 20, 'v')));
  const std::vector<Store::Write> bad = {{"", "v"},
                                         {std::string(513, 'n'), "v"},
                                         {std::string(513, 'n'), std::nullopt},
                                         {"n", std::string((16u << 20) + 1, 'v')}};
  for (const Store::Write& write : bad) {
    const Status applied = store_->Apply({{"other", "1"}, write});
    ASSERT_FALSE(applied.ok());
    EXPECT_EQ(applied.error().check, Check::kStoreIo);
    EXPECT_FALSE(Read("other"));
  }
}

TEST_P(StoreContract, ScanVisitsThePrefixInOrder) {
  ASSERT_TRUE(
      store_
          ->Apply({{"b/2", ""}, {"b", ""}, {"b/1", "x"}, {"b/\xff", ""}, {"a/1", ""}, {"c", ""}, {"b0", ""}})
          .ok());
  EXPECT_EQ(Names("b/"), (std::vector<std::string>{"b/1", "b/2", "b/\xff"}));
  EXPECT_EQ(Names("b"), (std::vector<std::string>{"b", "b/1", "b/2", "b/\xff", "b0"}));
  EXPECT_TRUE(Names("d").empty());
}

TEST_P(StoreContract, ScanGivesValuesAndStopsWhenTold) {
  ASSERT_TRUE(store_->Apply({{"a", "1"}, {"b", "2"}, {"c", "3"}}).ok());
  std::string seen;
  ASSERT_TRUE(store_
                  ->Scan("",
                         [&](std::string_view name, std::string_view value) {
                           seen.append(name).append(value);
                           return name != "b";
                         })
                  .ok());
  EXPECT_EQ(seen, "a1b2");
}

TEST_P(StoreContract, ScanSeesASnapshot) {
  ASSERT_TRUE(store_->Apply({{"a", ""}, {"b", ""}, {"c", ""}}).ok());
  std::vector<std::string> seen;
  ASSERT_TRUE(store_
                  ->Scan("",
                         [&](std::string_view name, std::string_view) {
                           EXPECT_TRUE(Write("b", std::nullopt) && Write("d", ""));
                           seen.emplace_back(name);
                           return true;
                         })
                  .ok());
  std::erase(seen, "meta/schema");
  EXPECT_EQ(seen, (std::vector<std::string>{"a", "b", "c"}));
}

TEST_P(StoreContract, ThreadsSeeEachOthersWrites) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 25; ++i) {
        const std::string name = std::to_string(t) + "/" + std::to_string(i);
        EXPECT_TRUE(Write(name, name));
        EXPECT_EQ(Read(name), name);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(Names("0/").size() + Names("1/").size() + Names("2/").size() + Names("3/").size(), 100u);
}

TEST_P(StoreContract, WritesOutliveTheStoreWhereItIsMeantTo) {
  if (!GetParam().outlives) GTEST_SKIP() << "gone with the process by design";
  ASSERT_TRUE(store_->Apply({{"kept", "1"}, {"gone", "2"}}).ok());
  ASSERT_TRUE(Write("gone", std::nullopt));
  Open();
  EXPECT_EQ(Read("kept"), "1");
  EXPECT_FALSE(Read("gone"));
}

TEST_P(StoreContract, WritesOnlyWhereAllIsAsExpected) {
  ASSERT_TRUE(store_->Apply({{"a", "1"}, {"gone", "x"}}).ok());
  ASSERT_TRUE(Write("gone", std::nullopt));
  const auto version = [](const std::string& value) { return Store::VersionOf(value); };
  const std::vector<Store::Write> batch = {{"a", "2"}, {"b", "2"}};
  const std::vector<std::vector<Store::Expectation>> wrong = {{{"a", version("0")}},
                                                              {{"a", std::nullopt}},
                                                              {{"b", version("1")}},
                                                              {{"a", version("1")}, {"b", version("")}}};
  for (const auto& expected : wrong) {
    EXPECT_FALSE(store_->ApplyIf(expected, batch).value());
    EXPECT_EQ(Read("a"), "1");
    EXPECT_FALSE(Read("b"));
  }
  EXPECT_TRUE(
      store_->ApplyIf({{"a", version("1")}, {"b", std::nullopt}, {"gone", std::nullopt}}, batch).value());
  EXPECT_EQ(Read("a"), "2");
  EXPECT_EQ(Read("b"), "2");
  EXPECT_TRUE(store_->ApplyIf({{"a", version("2")}}, {{"a", std::nullopt}}).value());
  EXPECT_FALSE(Read("a"));
  EXPECT_FALSE(store_->ApplyIf({{"a", version("2")}}, {{"a", "3"}}).value());
  EXPECT_FALSE(store_->ApplyIf({}, {{"", "v"}}).ok()) << "the limits hold";
}

// Each adds one to what it has read: no addition is lost, whoever else adds meanwhile.
TEST_P(StoreContract, OfTwoWritersThatExpectTheSameOneWins) {
  constexpr int kEach = 25;
  ASSERT_TRUE(Write("count", "0"));
  const auto add = [this] {
    for (int added = 0; added < kEach;) {
      const auto before = Read("count");
      const auto written = store_->ApplyIf({{"count", Store::VersionOf(before)}},
                                           {{"count", std::to_string(std::stoi(before.value_or("0")) + 1)}});
      ASSERT_TRUE(written.ok()) << written.error().message;
      added += *written ? 1 : 0;
    }
  };
  std::thread one(add), other(add);
  one.join();
  other.join();
  EXPECT_EQ(Read("count"), std::to_string(2 * kEach));
}

// A plain write between what a conditional one expects and what it writes is seen, or comes after it: never undone.
TEST_P(StoreContract, PlainWritesDoNotComeBetween) {
  std::atomic<bool> done = false;
  std::thread plain([&] {
    for (int i = 0; i < 25; ++i) EXPECT_TRUE(Write("plain", std::to_string(i)));
    done = true;
  });
  while (!done) {
    const auto before = Read("plain");
    const auto written = store_->ApplyIf({{"plain", Store::VersionOf(before)}}, {{"plain", before}});
    EXPECT_TRUE(written.ok());
  }
  plain.join();
  EXPECT_EQ(Read("plain"), "24");
}

}  // namespace thimble::test
