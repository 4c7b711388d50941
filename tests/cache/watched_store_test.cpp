// SPDX-License-Identifier: Apache-2.0
#include "cache/watched_store.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "cache/store_rules.h"

namespace thimble {
namespace {

class FailingStore final : public Store {
 public:
  Result<std::optional<std::string>> Get(std::string_view name) override {
    if (name == bad) return StoreError("block checksum mismatch");
    return inner.Get(name);
  }
  Status Apply(const std::vector<Write>& batch) override {
    return full ? Status(StoreError("no space")) : inner.Apply(batch);
  }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    return bad.starts_with(prefix) && !bad.empty() ? Status(StoreError("block checksum mismatch"))
                                                   : inner.Scan(prefix, visit);
  }
  std::string bad;
  bool full = false;
  MemoryStore inner;
};

class WatchedStoreTest : public testing::Test {
 protected:
  std::shared_ptr<FailingStore> below_ = std::make_shared<FailingStore>();
  WatchedStore store_{below_};
};

TEST_F(WatchedStoreTest, WhatGoesWellIsNoFailure) {
  EXPECT_TRUE(store_.Apply({{"a", "1"}}).ok());
  EXPECT_EQ(store_.Get("a").value(), "1");
  EXPECT_EQ(store_.failures().reads, 0u);
  EXPECT_EQ(store_.failures().unreadable, 0u);
}

TEST_F(WatchedStoreTest, AnEntryThatCannotBeReadIsNamedUntilItCanBe) {
  below_->bad = "a";
  EXPECT_FALSE(store_.Get("a").ok());
  EXPECT_FALSE(store_.Get("a").ok());
  EXPECT_EQ(store_.failures().reads, 2u);
  EXPECT_EQ(store_.failures().names, std::vector<std::string>{"a"});
  EXPECT_EQ(store_.failures().read_error, "block checksum mismatch");
  EXPECT_TRUE(store_.Get("b").ok());
  EXPECT_EQ(store_.failures().unreadable, 1u) << "another entry says nothing of it";
  below_->bad.clear();
  EXPECT_TRUE(store_.Get("a").ok());
  EXPECT_EQ(store_.failures().unreadable, 0u);
  EXPECT_EQ(store_.failures().reads, 2u);
  EXPECT_EQ(store_.failures().read_error, "");
}

TEST_F(WatchedStoreTest, AnEntryThatIsWrittenAnewIsReadable) {
  below_->bad = "a";
  EXPECT_FALSE(store_.Get("a").ok());
  EXPECT_TRUE(store_.Apply({{"a", "2"}}).ok());
  EXPECT_EQ(store_.failures().unreadable, 0u);
}

TEST_F(WatchedStoreTest, AScanThatFailsIsNamedByItsBeginning) {
  below_->bad = "item/x";
  const auto visit = [](std::string_view, std::string_view) { return true; };
  EXPECT_FALSE(store_.Scan("item/", visit).ok());
  EXPECT_EQ(store_.failures().names, std::vector<std::string>{"item/*"});
}

TEST_F(WatchedStoreTest, AWriteThatFailsIsToldUntilOneSucceeds) {
  below_->full = true;
  EXPECT_FALSE(store_.Apply({{"a", "1"}}).ok());
  EXPECT_EQ(store_.failures().write_error, "no space");
  EXPECT_EQ(store_.failures().writes, 1u);
  below_->full = false;
  EXPECT_TRUE(store_.Apply({{"a", "1"}}).ok());
  EXPECT_EQ(store_.failures().write_error, "");
}

}  // namespace
}  // namespace thimble
