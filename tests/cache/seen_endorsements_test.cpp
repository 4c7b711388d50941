// SPDX-License-Identifier: Apache-2.0
#include "cache/seen_endorsements.h"

#include <gtest/gtest.h>

#include "cache/memory_store.h"
#include "tcb/base/crypto.h"
#include "tcb/base/text.h"

namespace thimble {
namespace {

constexpr Instant kFirst = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};
const Bytes kOne = {0xd2, '\n', 1}, kTwo = {0xd2, 2}, kThree = {0xd2, 3};

Bytes Found(const SeenEndorsements& seen, const Bytes& bytes) {
  const auto found = seen.Find(Sha256(bytes));
  return found.ok() && found->has_value() ? (*found)->endorsement : Bytes{};
}

TEST(SeenEndorsements, AreKeptAsTheyWereOverRestarts) {
  const auto store = std::make_shared<MemoryStore>();
  SeenEndorsements seen(store, 2);
  EXPECT_TRUE(Found(seen, kOne).empty());
  ASSERT_TRUE(seen.Record(Sha256(kOne), kOne, kFirst).ok());
  ASSERT_TRUE(seen.Record(Sha256(kOne), kOne, kFirst + Seconds(9)).ok());
  SeenEndorsements again(store, 2);
  EXPECT_EQ(again.Load().value(), 0u);
  EXPECT_EQ(Found(again, kOne), kOne);
  EXPECT_EQ(again.Find(Sha256(kOne)).value()->first_seen, kFirst);
}

TEST(SeenEndorsements, ForgetTheOneThatWasFirstSeenLongestAgo) {
  const auto store = std::make_shared<MemoryStore>();
  SeenEndorsements seen(store, 2);
  ASSERT_TRUE(seen.Record(Sha256(kTwo), kTwo, kFirst + Seconds(1)).ok());
  ASSERT_TRUE(seen.Record(Sha256(kOne), kOne, kFirst).ok());
  ASSERT_TRUE(seen.Record(Sha256(kThree), kThree, kFirst + Seconds(2)).ok());
  EXPECT_TRUE(Found(seen, kOne).empty());
  EXPECT_EQ(Found(seen, kTwo), kTwo);
  EXPECT_EQ(Found(seen, kThree), kThree);
}

TEST(SeenEndorsements, DropWhatIsDamaged) {
  const auto store = std::make_shared<MemoryStore>();
  SeenEndorsements seen(store, 2);
  ASSERT_TRUE(seen.Record(Sha256(kOne), kOne, kFirst).ok());
  const std::string name = StrCat("uvm/", Sha256(kOne).hex());
  std::string damaged = store->Get(name).value().value();
  damaged.back() ^= 1;
  ASSERT_TRUE(store->Apply({{name, damaged}, {"uvm/x", "1\n"}, {"uvm/y", ""}}).ok());
  EXPECT_TRUE(Found(seen, kOne).empty());
  SeenEndorsements again(store, 2);
  EXPECT_EQ(again.Load().value(), 3u);
  EXPECT_FALSE(store->Get(name).value().has_value());
}

}  // namespace
}  // namespace thimble
