// SPDX-License-Identifier: Apache-2.0
#include "cache/single_flight.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>
#include <vector>

#include "cache/keyed_mutex.h"

namespace thimble {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kLong{20'000};

TEST(SingleFlight, ManyAskOneWorks) {
  SingleFlight<int> flights;
  std::atomic<int> runs{0}, sum{0}, waiting{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      ++waiting;
      sum += *flights.Share("a", kLong, [&] {
        while (waiting < 50) std::this_thread::yield();
        std::this_thread::sleep_for(milliseconds(100));  // for the last one to arrive
        return ++runs;
      });
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(sum, 50);
}

TEST(SingleFlight, OneAfterTheOtherWorkEach) {
  SingleFlight<int> flights;
  int runs = 0;
  EXPECT_EQ(flights.Share("a", kLong, [&] { return ++runs; }), 1);
  EXPECT_EQ(flights.Share("a", kLong, [&] { return ++runs; }), 2);
}

TEST(SingleFlight, OtherNamesDoNotWait) {
  SingleFlight<int> flights;
  EXPECT_EQ(flights.Share("a", kLong, [&] { return *flights.Share("b", kLong, [] { return 7; }); }), 7);
}

TEST(SingleFlight, PatienceEnds) {
  SingleFlight<int> flights;
  std::atomic<bool> begun{false}, release{false};
  std::thread leader([&] {
    (void)flights.Share("a", kLong, [&] {
      begun = true;
      while (!release) std::this_thread::sleep_for(milliseconds(1));
      return 1;
    });
  });
  while (!begun) std::this_thread::yield();
  EXPECT_FALSE(flights.Share("a", milliseconds(20), [] { return 2; }));
  release = true;
  leader.join();
}

TEST(SingleFlight, WorkThatThrowsIsTakenOver) {
  SingleFlight<int> flights;
  EXPECT_THROW((void)flights.Share("a", kLong, []() -> int { throw std::bad_alloc(); }), std::bad_alloc);
  EXPECT_EQ(flights.Share("a", kLong, [] { return 3; }), 3);
}

TEST(KeyedMutex, AreExclusiveByName) {
  KeyedMutex turns;
  int inside = 0, most = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 8; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < 200; ++i) {
        const KeyedMutex::Turn turn(&turns, "a");
        most = std::max(most, ++inside);
        --inside;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(most, 1);
  const KeyedMutex::Turn a(&turns, "a");
  const KeyedMutex::Turn b(&turns, "b");  // does not wait
}

}  // namespace
}  // namespace thimble
