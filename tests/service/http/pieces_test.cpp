// SPDX-License-Identifier: Apache-2.0
//
// Answers whose length is not known before.
#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <stdexcept>

#include "service/http/server.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/eventually.h"

namespace thimble::http {
namespace {

using test::RawAnswer;
using test::RawConnection;

class PiecesTest : public testing::Test {
 protected:
  void Start(std::function<std::string(int)> piece) {
    server_ = std::make_unique<HttpServer>([this, piece](const Request& request) -> Response {
      if (request.path == "/plain")
        return {.status = 200, .headers = {}, .content = Content::Make("a", "plain")};
      auto number = std::make_shared<int>(0);
      return {.status = 200,
              .headers = {{"Content-Type", "text/plain"}},
              .content = nullptr,
              .pieces = [=, this] {
                ++made_;
                return piece((*number)++);
              }};
    });
    ASSERT_TRUE(server_->StartTcp({"127.0.0.1", 0}).ok());
  }
  std::atomic<int> made_{0};
  std::unique_ptr<HttpServer> server_;
};

std::string UpToThree(int number) {
  if (number == 0) return "one\n";
  return number < 3 ? std::string(70'000, static_cast<char>('a' + number)) : std::string();
}

TEST_F(PiecesTest, AreChunksAndTheConnectionGoesOn) {
  Start(UpToThree);
  RawConnection connection(server_->port());
  connection.Send("POST /pieces HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc");
  const RawAnswer answer = connection.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Transfer-Encoding"), "chunked");
  EXPECT_FALSE(answer.Header("Content-Length"));
  EXPECT_EQ(answer.body, "one\n" + std::string(70'000, 'b') + std::string(70'000, 'c'));
  connection.Send("GET /plain HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Receive().body, "plain");
}

TEST_F(PiecesTest, EndWithTheConnectionInHttp10) {
  Start(UpToThree);
  RawConnection connection(server_->port());
  connection.Send("GET /pieces HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  const RawAnswer answer = connection.Receive();
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.Header("Connection"), "close");
  EXPECT_FALSE(answer.Header("Transfer-Encoding"));
  EXPECT_FALSE(answer.Header("Content-Length"));
}

TEST_F(PiecesTest, ThatFailEndWithoutTheirEnd) {
  Start([](int number) -> std::string {
    if (number == 2) throw std::runtime_error("no third");
    return "piece";
  });
  RawConnection connection(server_->port());
  connection.Send("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Receive().status, 0);  // not whole
}

TEST_F(PiecesTest, AreMadeAsTheyAreRead) {
  Start([](int) { return std::string(1 << 20, 'x'); });  // without end
  {
    RawConnection connection(server_->port());
    connection.Send("GET /pieces HTTP/1.1\r\nHost: a\r\n\r\n");
    ASSERT_TRUE(test::Eventually([this] { return made_ > 0; }));
  }
  // The peer is gone: so is what makes them.
  server_->Stop();
  EXPECT_LT(made_, 1000);
}

}  // namespace
}  // namespace thimble::http
