// SPDX-License-Identifier: Apache-2.0
//
// What is answered on a loop's own thread, and what is a worker's.
#include "service/http/event_loop.h"

#include <gtest/gtest.h>

#include <atomic>
#include <future>
#include <set>
#include <stdexcept>
#include <thread>

#include "service/http/server.h"
#include "tcb/base/text.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/scripted_transport.h"
#include "tests/support/eventually.h"

namespace thimble::http {
namespace {

using test::Get;
using test::RawConnection;

Response Text(std::string text) {
  return {.status = 200, .headers = {}, .content = Content::Make("text/plain", std::move(text))};
}

// "/hit..." is answered at once. "/slow" waits until it may go on, on the one worker that there is.
class EventLoopTest : public testing::Test {
 protected:
  void Start(size_t loops) {
    ConnectionLimits limits;
    limits.loops = loops;
    limits.max_threads = 1;
    ConnectionRules rules;
    rules.at_once = [this](Request& request) { return AtOnce(request); };
    server_ = std::make_unique<HttpServer>([this](Request& request) { return InTime(request); }, limits,
                                           std::move(rules));
    ASSERT_TRUE(server_->StartTcp({"127.0.0.1", 0}).ok());
  }
  std::optional<Response> AtOnce(const Request& request) {
    ++asked_;
    const std::lock_guard lock(mutex_);
    loops_.insert(std::this_thread::get_id());
    if (request.path == "/fails") throw std::runtime_error("at once");
    if (!request.path.starts_with("/hit")) return std::nullopt;
    return Text(StrCat("hit ", request.path));
  }
  Response InTime(const Request& request) {
    {
      const std::lock_guard lock(mutex_);
      workers_.insert(std::this_thread::get_id());
    }
    if (request.path == "/fails") throw std::runtime_error("in time");
    if (request.path == "/slow") {
      entered_.set_value();
      may_go_on_.wait();
    }
    return Text(StrCat("worked ", request.path, request.body));
  }
  std::string BodyOf(std::string_view path) const { return Get(server_->port(), path).body; }

  std::promise<void> entered_, go_on_;
  std::shared_future<void> may_go_on_ = go_on_.get_future().share();
  std::atomic<int> asked_{0};
  std::mutex mutex_;
  std::set<std::thread::id> loops_, workers_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(EventLoopTest, WhatIsAnsweredAtOnceNeedsNoWorker) {
  Start(1);
  RawConnection slow(server_->port());
  slow.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\nGET /hit/after HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.get_future().wait();
  for (int i = 0; i < 10; ++i) EXPECT_EQ(BodyOf("/hit"), "hit /hit");
  go_on_.set_value();
  EXPECT_EQ(slow.Receive().body, "worked /slow");
  EXPECT_EQ(slow.Receive().body, "hit /hit/after") << "in their order";
  EXPECT_EQ(loops_.size(), 1u);
  EXPECT_EQ(workers_.size(), 1u);
  EXPECT_NE(loops_, workers_);
}

TEST_F(EventLoopTest, WhatWouldWaitIsAWorkersAndSoAreBodiesAndFailures) {
  Start(1);
  EXPECT_EQ(BodyOf("/miss"), "worked /miss");
  EXPECT_EQ(asked_, 1);
  EXPECT_EQ(test::Post(server_->port(), "/hit", "text/plain", "body").body, "worked /hitbody");
  EXPECT_EQ(asked_, 1) << "a body is not looked at on the loop";
  EXPECT_EQ(Get(server_->port(), "/fails").status, 500);
  EXPECT_EQ(BodyOf("/hit"), "hit /hit");
}

// Connections that stay are held by as many loops as there are, whoever accepts them.
TEST_F(EventLoopTest, LoopsShareTheConnections) {
  Start(3);
  std::vector<std::unique_ptr<RawConnection>> all;
  for (int i = 0; i < 12; ++i) {
    all.push_back(std::make_unique<RawConnection>(server_->port()));
    all.back()->Send("GET /hit HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(all.back()->Receive().status, 200);
  }
  EXPECT_EQ(loops_.size(), 3u);
}

TEST_F(EventLoopTest, AStopWaitsForWorkersAndRefusesWhoComesThen) {
  Start(2);
  RawConnection slow(server_->port());
  slow.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered_.get_future().wait();
  std::thread stopping([this] { server_->Stop(); });
  EXPECT_TRUE(test::Eventually([this] { return !RawConnection(server_->port()).connected(); }));
  go_on_.set_value();
  const test::RawAnswer answer = slow.Receive();
  EXPECT_EQ(answer.body, "worked /slow");
  EXPECT_EQ(answer.Header("Connection"), "close");
  stopping.join();
}

// Directly, without a loop.
struct Alone {
  explicit Alone(
      std::string request, Handler handler = [](const Request&) { return Text("worked"); })
      : context(std::move(handler), {}),
        connection(std::make_unique<test::ScriptedTransport>(std::vector<std::string>{std::move(request)},
                                                             SIZE_MAX, written),
                   {"a", false, {}}, context) {}

  std::string written;
  ConnectionContext context;
  Connection connection;
};

TEST(ConnectionTurns, WithoutAWorkerItIsToldSo) {
  Alone alone("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_EQ(alone.connection.Serve(), Connection::Next::kWait) << "nothing has come yet";
  ASSERT_EQ(alone.connection.Serve(), Connection::Next::kWork);
  alone.connection.Overloaded();
  (void)test::GoOn(alone.connection);
  EXPECT_TRUE(alone.written.starts_with("HTTP/1.1 503 ")) << alone.written;
  EXPECT_NE(alone.written.find("\r\nRetry-After: 1\r\n"), std::string::npos);
  EXPECT_NE(alone.written.find("\r\nX-Thimble-Cause: server.busy\r\n"), std::string::npos);
}

// As much as can be read without waiting is not read in one turn.
TEST(ConnectionTurns, WhoSendsFastLetsOthersHaveTheirTurn) {
  const std::string body(2u << 20, 'x');
  Alone alone(StrCat("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ", body.size(), "\r\n\r\n", body));
  ASSERT_EQ(alone.connection.Serve(), Connection::Next::kWait);
  EXPECT_EQ(alone.connection.Serve(), Connection::Next::kYield);
  (void)test::GoOn(alone.connection);
  EXPECT_TRUE(alone.written.starts_with("HTTP/1.1 200 ")) << alone.written;
}

}  // namespace
}  // namespace thimble::http
