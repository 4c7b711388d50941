// SPDX-License-Identifier: Apache-2.0
//
// What a listening side counts and says of those that it cannot let in, and whom it has at its Unix socket.
#include "service/http/listener_counts.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "service/http/local_ca.h"
#include "service/http/server.h"
#include "service/support/clock.h"
#include "tests/service/testing/raw_http.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace thimble::http {
namespace {

class ListenerCountsTest : public testing::Test {
 protected:
  static Response Ok(const Request&) { return {.status = 200, .headers = {}, .content = nullptr}; }
  void StartTls() {
    const Instant now = Clock::WallTime();
    const PemPair ca = *MakeCa("test CA", now);
    const PemPair own = *MakeCertificate(ca, CertificateUse::kServer, {"localhost"}, now);
    const auto tls = TlsContext::Load(
        {files_.Write("server.pem", own.certificate), files_.Write("server.key", own.key), ""});
    ASSERT_TRUE(tls.ok());
    EXPECT_GT((*tls)->certificate_end(), now);
    server_.UseTls(*tls);
    ASSERT_TRUE(server_.StartTcp({"127.0.0.1", 0}).ok());
  }

  const test::TempDir files_;
  const std::shared_ptr<ListenerCounts> counts_ = std::make_shared<ListenerCounts>();
  HttpServer server_{Ok, {}, {.counts = counts_}};
};

TEST_F(ListenerCountsTest, PlainHttpIsToldThatThisPortSpeaksTls) {
  StartTls();
  const test::RawAnswer answer = test::Get(server_.port(), "/");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("https://"), std::string::npos) << answer.body;
  EXPECT_EQ(counts_->plain_http, 1u);
  EXPECT_EQ(counts_->handshakes, 1u);
}

TEST_F(ListenerCountsTest, WhatIsNoTlsIsAFailureAndWhoJustLeavesIsNone) {
  StartTls();
  {
    test::RawConnection probe(server_.port());
    ASSERT_TRUE(probe.connected());
  }
  test::RawConnection other(server_.port());
  other.Send("this is neither\r\n\r\n");
  EXPECT_TRUE(test::Eventually([&] { return counts_->handshakes == 1; }));
  server_.Stop();
  EXPECT_EQ(counts_->handshakes, 1u) << "the probe was not counted, either, when it ended";
  EXPECT_EQ(counts_->plain_http, 0u);
}

TEST_F(ListenerCountsTest, ConnectionsAreCountedWhileTheyAreOpen) {
  ASSERT_TRUE(server_.StartTcp({"127.0.0.1", 0}).ok());
  {
    test::RawConnection first(server_.port()), second(server_.port());
    EXPECT_TRUE(test::Eventually([&] { return counts_->open == 2; }));
  }
  EXPECT_TRUE(test::Eventually([&] { return counts_->open == 0; }));
}

TEST(UnixSocket, KnowsItsPeer) {
  const test::TempDir files;
  std::optional<uint32_t> uid;
  {
    HttpServer server([&uid](const Request& request) {
      uid = request.uid;
      return Response{.status = 200, .headers = {}, .content = nullptr};
    });
    ASSERT_TRUE(server.StartUnix(files / "a.sock").ok());
    test::RawConnection connection(files / "a.sock");
    connection.Send("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(connection.Receive().status, 200);
  }
  EXPECT_EQ(uid, ::geteuid());
}

}  // namespace
}  // namespace thimble::http
