// SPDX-License-Identifier: Apache-2.0
//
// The server over loopback: what goes over the wire, byte by byte.
#include "service/http/server.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <future>
#include <memory>
#include <thread>

#include "tcb/base/text.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/temp_dir.h"

namespace thimble::http {
namespace {

using test::Get;
using test::RawAnswer;
using test::RawConnection;

// Answers with what it was asked.
Response Echo(const Request& request) {
  return {.status = request.path == "/teapot" ? 461 : 200,
          .headers = {{"X-Method", request.method}},
          .content = Content::Make("text/plain", StrCat(request.path, "|", request.query, "|", request.body),
                                   {{"SGX-TCBm", "00"}})};
}

class HttpServerTest : public testing::Test {
 protected:
  void Start(Handler handler = Echo, ConnectionLimits limits = {}) {
    server_ = std::make_unique<HttpServer>(std::move(handler), limits);
    ASSERT_TRUE(server_->StartTcp({"127.0.0.1", 0}).ok());
  }
  uint16_t port() const { return server_->port(); }
  std::unique_ptr<HttpServer> server_;
};

TEST_F(HttpServerTest, AnswersExactly) {
  Start();
  const RawAnswer answer = Get(port(), "/a?b=1+2&c=%20?d");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.reason, "OK");
  EXPECT_EQ(answer.body, "/a|b=1+2&c=%20?d|");
  EXPECT_EQ(answer.Header("SGX-TCBm"), "00");
  EXPECT_EQ(answer.Header("X-Method"), "GET");
  EXPECT_EQ(answer.Header("Content-Length"), std::to_string(answer.body.size()));
  ASSERT_TRUE(answer.Header("Request-ID"));
  EXPECT_EQ(answer.Header("Request-ID")->size(), 32u);
  EXPECT_TRUE(answer.Header("Date"));
}

TEST_F(HttpServerTest, SaysUnknownForCodesWithoutAPhrase) {
  Start();
  const RawAnswer answer = Get(port(), "/teapot");
  EXPECT_EQ(answer.status, 461);
  EXPECT_EQ(answer.reason, "unknown");
}

TEST_F(HttpServerTest, LeavesTheBodyOutOfHead) {
  Start();
  RawConnection connection(port());
  connection.Send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Receive(true).Header("Content-Length"), "4");
  EXPECT_EQ(connection.Receive().body, "/b||");
}

TEST_F(HttpServerTest, ServesManyRequestsOnOneConnection) {
  Start();
  RawConnection connection(port());
  for (int i = 0; i < 200; ++i) {
    connection.Send(StrCat("GET /", i, " HTTP/1.1\r\nHost: a\r\n\r\n"));
    ASSERT_EQ(connection.Receive().body, StrCat("/", i, "||"));
  }
}

TEST_F(HttpServerTest, ReadsBodiesByLengthAndByChunks) {
  Start();
  EXPECT_EQ(test::Post(port(), "/p", "text/plain", "hello").body, "/p||hello");
  RawConnection connection(port());
  connection.Send(
      "POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\nTrailer: t\r\n\r\nGET /n HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Receive().body, "/c||hello");
  EXPECT_EQ(connection.Receive().body, "/n||");
}

TEST_F(HttpServerTest, SaysContinueWhenAsked) {
  Start();
  RawConnection connection(port());
  connection.Send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 100);
  connection.Send("ok");
  EXPECT_EQ(connection.Receive().body, "/p||ok");
}

TEST_F(HttpServerTest, RefusesAndClosesWhatIsAmbiguous) {
  Start();
  RawConnection connection(port());
  connection.Send(
      "POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"
      "GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
  const RawAnswer answer = connection.Receive();
  EXPECT_EQ(answer.status, 400);
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_TRUE(connection.ClosedByPeer());
}

TEST_F(HttpServerTest, RefusesBadChunks) {
  Start();
  for (const char* body : {"x\r\n", "-1\r\n", "3\r\nhello\r\n", "FFFFFFFFFFFFFFFFF\r\n"}) {
    RawConnection connection(port());
    connection.Send(StrCat("POST /c HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n", body));
    EXPECT_EQ(connection.Receive().status, 400) << body;
  }
}

TEST_F(HttpServerTest, RefusesBodiesOverTheLimitBeforeReadingThem) {
  ConnectionLimits limits;
  limits.max_body = 1000;
  Start(Echo, limits);
  EXPECT_EQ(test::Post(port(), "/p", "text/plain", std::string(1000, 'x')).status, 200);
  RawConnection connection(port());
  connection.Send("POST /p HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 413);
  RawConnection chunked(port());
  chunked.Send("POST /p HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3e9\r\n");
  EXPECT_EQ(chunked.Receive().status, 413);
}

TEST_F(HttpServerTest, AnswersAClientThatIsStillSending) {
  ConnectionLimits limits;
  limits.max_body = 1000;
  Start(Echo, limits);
  EXPECT_EQ(test::Post(port(), "/p", "text/plain", std::string(3'000'000, 'x')).status, 413);
}

TEST_F(HttpServerTest, BoundsTheHead) {
  Start();
  const std::string path(8000, 'a');
  EXPECT_EQ(Get(port(), StrCat("/", path)).status, 200);
  EXPECT_EQ(Get(port(), StrCat("/", path, path, path)).status, 414);
  EXPECT_EQ(Get(port(), StrCat("/", path), StrCat("X: ", path, path, "\r\n")).status, 431);
}

TEST_F(HttpServerTest, GivesAHeadThatTricklesNoMoreTime) {
  ConnectionLimits limits;
  limits.head = std::chrono::milliseconds(300);
  Start(Echo, limits);
  RawConnection connection(port());
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < 20 && std::chrono::steady_clock::now() - begun < std::chrono::milliseconds(600); ++i) {
    connection.Send(i == 0 ? "GET / HTTP/1.1\r\nHost: a\r\nX: " : "x");
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  EXPECT_EQ(connection.Receive().status, 408);
}

TEST_F(HttpServerTest, ClosesIdleConnections) {
  ConnectionLimits limits;
  limits.idle = std::chrono::milliseconds(200);
  Start(Echo, limits);
  RawConnection connection(port());
  EXPECT_TRUE(connection.ClosedByPeer());
}

TEST_F(HttpServerTest, IsNotStarvedByIdleConnections) {
  Start();
  std::vector<std::unique_ptr<RawConnection>> idle;
  for (int i = 0; i < 200; ++i) idle.push_back(std::make_unique<RawConnection>(port()));
  EXPECT_EQ(Get(port(), "/a").status, 200);
}

TEST_F(HttpServerTest, TurnsAnExceptionIntoA500) {
  Start([](const Request&) -> Response { throw std::runtime_error("broken"); });
  const RawAnswer answer = Get(port(), "/a");
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.Header("Content-Length"), "0");
}

TEST_F(HttpServerTest, SendsNoLengthWith304) {
  Start([](const Request&) { return Response{.status = 304, .headers = {}, .content = nullptr}; });
  const RawAnswer answer = Get(port(), "/a");
  EXPECT_EQ(answer.status, 304);
  EXPECT_FALSE(answer.Header("Content-Length"));
}

TEST_F(HttpServerTest, AnswersWhatIsUnderWayBeforeItStops) {
  std::promise<void> entered, leave;
  auto may_leave = leave.get_future().share();
  Start([&entered, may_leave](const Request& request) {
    entered.set_value();
    may_leave.wait();
    return Echo(request);
  });
  RawConnection connection(port());
  connection.Send("GET /slow HTTP/1.1\r\nHost: a\r\n\r\n");
  entered.get_future().wait();
  std::thread stopping([this] { server_->Stop(); });
  leave.set_value();
  const RawAnswer answer = connection.Receive();
  stopping.join();
  EXPECT_EQ(answer.body, "/slow||");
}

TEST_F(HttpServerTest, RefusesAnAddressThatIsTaken) {
  Start();
  HttpServer second(Echo);
  const Status status = second.StartTcp({"127.0.0.1", port()});
  ASSERT_FALSE(status.ok());
  EXPECT_NE(status.error().message.find("cannot listen on 127.0.0.1:"), std::string::npos);
}

TEST(UnixHttpServer, IsForItsOwnerAloneAndAdmin) {
  const test::TempDir files;
  const std::string path = files / "thimble.sock";
  {
    HttpServer server([](const Request& request) {
      return Response{.status = request.admin ? 200 : 403, .headers = {}, .content = nullptr};
    });
    ASSERT_TRUE(server.StartUnix(path).ok());
    struct stat info {};
    ASSERT_EQ(::stat(path.c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u);
    RawConnection connection(path);
    ASSERT_TRUE(connection.connected());
    connection.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(connection.Receive().status, 200);
  }
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST(ListenAddress, IsHostAndPort) {
  EXPECT_EQ(ListenAddress::Parse("127.0.0.1:8081")->port, 8081);
  EXPECT_EQ(ListenAddress::Parse("[::1]:0")->host, "::1");
  EXPECT_EQ(ListenAddress::Parse("[::1]:0")->ToString(), "[::1]:0");
  for (const char* bad : {"", "8081", ":8081", "127.0.0.1", "127.0.0.1:", "127.0.0.1:x", "127.0.0.1:65536",
                          "::1:80", "127.0.0.1:-1", "127.0.0.1:80 "}) {
    EXPECT_FALSE(ListenAddress::Parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace thimble::http
