// SPDX-License-Identifier: Apache-2.0
//
// What there is when no thread can be started: an error where a program begins, and no exception anywhere.
#include "service/support/thread_pool.h"

#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <future>

#include "service/http/server.h"
#include "service/support/thread_start.h"

namespace thimble {
namespace {

using std::chrono::seconds;

// Threads are given a stack that no address space holds. Lifted at the end.
class NoThreads {
 public:
  NoThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, size_t{1} << 47);
    pthread_setattr_default_np(&huge);
    pthread_attr_destroy(&huge);
  }
  ~NoThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoThreads(const NoThreads&) = delete;
  NoThreads& operator=(const NoThreads&) = delete;

 private:
  pthread_attr_t before_;
};

TEST(ThreadStart, SaysWhatForAndWhatToRaise) {
  const NoThreads none;
  const auto thread = StartThread("to try", [] {});
  ASSERT_FALSE(thread.ok());
  EXPECT_EQ(thread.error().kind, ErrorKind::kInternal);
  EXPECT_NE(thread.error().message.find("to try"), std::string::npos);
  EXPECT_NE(thread.error().message.find("TasksMax"), std::string::npos);
}

TEST(ThreadPool, RefusesToStartAndWorkWithoutThreads) {
  ThreadPool pool(2, 10, seconds(60));
  const NoThreads none;
  EXPECT_FALSE(pool.Start().ok());
  EXPECT_FALSE(pool.Run([] {}));
}

TEST(ThreadPool, QueuesForTheThreadsThatAreThere) {
  ThreadPool pool(2, 10, seconds(60));
  ASSERT_TRUE(pool.Start().ok());
  std::promise<void> go;
  std::atomic<int> done{0};
  ASSERT_TRUE(pool.Run([&, wait = go.get_future().share()] {
    wait.wait();
    ++done;
  }));
  {
    const NoThreads none;
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(pool.Run([&] { ++done; }));
  }
  go.set_value();
  pool.Drain();
  EXPECT_EQ(done, 6);
}

TEST(ThreadPool, WorksAgainOnceThereAreThreads) {
  ThreadPool pool(1, 1, seconds(60));
  {
    const NoThreads none;
    EXPECT_FALSE(pool.Run([] {}));
  }
  std::atomic<bool> done{false};
  EXPECT_TRUE(pool.Run([&] { done = true; }));
  pool.Drain();
  EXPECT_TRUE(done);
}

TEST(HttpServer, SaysAtItsStartThatThereAreNoThreads) {
  http::HttpServer server([](const http::Request&) { return http::Response{}; });
  const NoThreads none;
  const Status started = server.StartTcp({"127.0.0.1", 0});
  ASSERT_FALSE(started.ok());
  EXPECT_NE(started.error().message.find("no thread"), std::string::npos) << started.error().message;
}

}  // namespace
}  // namespace thimble
