// SPDX-License-Identifier: Apache-2.0
#include "cache/seen_platforms.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "cache/memory_store.h"
#include "tcb/check.h"

namespace thimble {
namespace {

using namespace std::chrono_literals;

constexpr Instant kNow = std::chrono::sys_days{std::chrono::year{2026} / 6 / 1};

TcbRecord Intel(uint8_t microcode) {
  IntelTcbRecord tcb;
  tcb.cpu_svn[0] = microcode;
  return tcb;
}

std::vector<RememberedTcb> Sorted(const SeenPlatforms& seen) {
  std::vector<RememberedTcb> all = seen.All();
  std::sort(all.begin(), all.end(),
            [](const auto& a, const auto& b) { return TcbKey(a.tcb) < TcbKey(b.tcb); });
  return all;
}

// A store that fails when it is told to.
class FailingStore : public Store {
 public:
  Result<std::optional<std::string>> Get(std::string_view name) override { return held_.Get(name); }
  Status Apply(const std::vector<Write>& batch) override {
    if (fails) return Error{ErrorKind::kInternal, Check::kStoreIo, "disk full"};
    return held_.Apply(batch);
  }
  Status Scan(std::string_view prefix,
              const std::function<bool(std::string_view, std::string_view)>& visit) override {
    return held_.Scan(prefix, visit);
  }
  bool fails = false;

 private:
  MemoryStore held_;
};

TEST(SeenPlatforms, CountsEqualTcbsAsOne) {
  SeenPlatforms seen(std::make_shared<MemoryStore>(), 10);
  seen.Record(Intel(1), kNow);
  seen.Record(Intel(1), kNow + 5s);
  seen.Record(Intel(1), kNow + 2s);
  seen.Record(Intel(2), kNow);
  const auto all = Sorted(seen);
  ASSERT_EQ(all.size(), 2u);
  EXPECT_EQ(all[0].count, 3u);
  EXPECT_EQ(all[0].last_seen, kNow + 5s);
  EXPECT_EQ(all[1].count, 1u);
}

TEST(SeenPlatforms, OutlivesTheProcessOnceFlushed) {
  const auto store = std::make_shared<MemoryStore>();
  {
    SeenPlatforms seen(store, 10);
    seen.Record(Intel(1), kNow);
    ASSERT_TRUE(seen.Flush().ok());
    seen.Record(Intel(1), kNow + 1s);
    ASSERT_TRUE(seen.Flush().ok());
    seen.Record(Intel(2), kNow);  // and is lost
  }
  SeenPlatforms seen(store, 10);
  EXPECT_EQ(seen.Load().value(), 0u);
  const auto all = Sorted(seen);
  ASSERT_EQ(all.size(), 1u);
  EXPECT_EQ(all[0].tcb, Intel(1));
  EXPECT_EQ(all[0].count, 2u);
}

TEST(SeenPlatforms, ForgetsWhatWasSeenLongestAgo) {
  const auto store = std::make_shared<MemoryStore>();
  SeenPlatforms seen(store, 2);
  seen.Record(Intel(1), kNow + 1s);
  seen.Record(Intel(2), kNow);
  ASSERT_TRUE(seen.Flush().ok());
  seen.Record(Intel(3), kNow + 2s);
  ASSERT_TRUE(seen.Flush().ok());
  SeenPlatforms again(store, 2);
  ASSERT_TRUE(again.Load().ok());
  for (const SeenPlatforms* holder : {&seen, &again}) {
    const auto all = Sorted(*holder);
    ASSERT_EQ(all.size(), 2u);
    EXPECT_EQ(all[0].tcb, Intel(1));
    EXPECT_EQ(all[1].tcb, Intel(3));
  }
}

TEST(SeenPlatforms, WritesLaterWhatAStoreRefused) {
  const auto store = std::make_shared<FailingStore>();
  SeenPlatforms seen(store, 10);
  seen.Record(Intel(1), kNow);
  store->fails = true;
  EXPECT_EQ(seen.Flush().error().check, Check::kStoreIo);
  store->fails = false;
  ASSERT_TRUE(seen.Flush().ok());
  SeenPlatforms again(store, 10);
  ASSERT_TRUE(again.Load().ok());
  EXPECT_EQ(again.All().size(), 1u);
}

TEST(SeenPlatforms, DropsWhatItCannotRead) {
  const auto store = std::make_shared<MemoryStore>();
  ASSERT_TRUE(store->Apply({{"seen/x", "{\"version\":2}"}}).ok());
  SeenPlatforms seen(store, 10);
  EXPECT_EQ(seen.Load().value(), 1u);
  EXPECT_TRUE(seen.All().empty());
  EXPECT_FALSE(store->Get("seen/x").value().has_value());
}

}  // namespace
}  // namespace thimble
