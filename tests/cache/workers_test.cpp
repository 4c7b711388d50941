// SPDX-License-Identifier: Apache-2.0
#include "cache/workers.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <thread>

#include "tests/support/eventually.h"

namespace thimble {
namespace {

using test::Eventually;

// Holds a worker until it is opened.
struct Gate {
  std::atomic<bool> entered{false}, open{false};
  std::function<void()> Job() {
    return [this] {
      entered = true;
      while (!open) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    };
  }
};

TEST(Workers, RunWhatIsSubmitted) {
  std::atomic<int> runs{0};
  Workers workers(2, 10);
  EXPECT_TRUE(workers.Submit("a", [&] { ++runs; }));
  EXPECT_TRUE(workers.Submit("b", [&] { ++runs; }));
  workers.WaitUntilIdle();
  EXPECT_EQ(runs, 2);
  EXPECT_TRUE(workers.Submit("a", [&] { ++runs; }));
  workers.WaitUntilIdle();
  EXPECT_EQ(runs, 3) << "a name can be used again";
}

TEST(Workers, ANameThatIsQueuedOrRunningIsThatJob) {
  Gate gate;
  std::atomic<int> runs{0};
  Workers workers(1, 10);
  ASSERT_TRUE(workers.Submit("running", gate.Job()));
  ASSERT_TRUE(Eventually([&] { return gate.entered.load(); }));
  EXPECT_TRUE(workers.Submit("running", [&] { ++runs; }));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(workers.Submit("queued", [&] { ++runs; }));
  gate.open = true;
  workers.WaitUntilIdle();
  EXPECT_EQ(runs, 1);
}

TEST(Workers, TheQueueIsBounded) {
  Gate gate;
  Workers workers(1, 2);
  ASSERT_TRUE(workers.Submit("running", gate.Job()));
  ASSERT_TRUE(Eventually([&] { return gate.entered.load(); }));
  EXPECT_TRUE(workers.Submit("1", [] {}));
  EXPECT_TRUE(workers.Submit("2", [] {}));
  EXPECT_FALSE(workers.Submit("3", [] {}));
  gate.open = true;
}

// The one that runs goes on when the one behind it has been dropped, which is when the end has begun.
TEST(Workers, TheEndWaitsForWhatRunsAndDropsTheRest) {
  std::atomic<bool> entered{false};
  std::atomic<int> runs{0};
  auto token = std::make_shared<int>();
  const std::weak_ptr<int> queued = token;
  {
    Workers workers(1, 10);
    EXPECT_TRUE(workers.Submit("running", [&] {
      entered = true;
      while (!queued.expired()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
      ++runs;
    }));
    EXPECT_TRUE(workers.Submit("queued", [&runs, held = std::move(token)] { runs += 100; }));
    ASSERT_TRUE(Eventually([&] { return entered.load(); }));
  }
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace thimble
