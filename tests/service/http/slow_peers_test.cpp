// SPDX-License-Identifier: Apache-2.0
//
// Peers that do not go on hold no thread, whatever it is that they leave open: more of them than the server has threads,
// and somebody else is answered. Nothing here depends on how long anything takes.
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include <atomic>
#include <thread>
#include <vector>

#include "service/http/local_ca.h"
#include "service/http/server.h"
#include "service/support/clock.h"
#include "tcb/base/text.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/tls_client.h"
#include "tests/service/testing/trickling_proxy.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace thimble::http {
namespace {

using test::Get;
using test::RawAnswer;
using test::RawConnection;

constexpr size_t kThreads = 2;
constexpr size_t kSlow = 20;
constexpr size_t kLarge = 16u << 20;  // more than the buffers of a connection hold

using Connections = std::vector<std::unique_ptr<RawConnection>>;

class SlowPeers : public testing::Test {
 protected:
  // No time is up before the test is over, unless it says so.
  SlowPeers() {
    limits_.max_threads = kThreads;
    limits_.handshake = limits_.idle = limits_.head = limits_.body = limits_.write = std::chrono::minutes(5);
  }
  void Start() {
    server_ =
        std::make_unique<HttpServer>([this](const Request& request) { return Answer(request); }, limits_);
    server_->UseTls(tls_);
    ASSERT_TRUE(server_->StartTcp({"127.0.0.1", 0}).ok());
  }
  Response Answer(const Request& request) {
    Response response;
    if (request.path == "/large") {
      ++large_;
      response.content = large_answer_;
    } else {
      response.content =
          Content::Make("text/plain", StrCat(request.body, request.client_sha256 ? " of a certificate" : ""));
    }
    return response;
  }
  uint16_t port() const { return server_->port(); }
  Connections Open(size_t count, std::string_view begin) const {
    Connections all;
    for (size_t i = 0; i < count; ++i) all.push_back(std::make_unique<RawConnection>(port()));
    for (const auto& connection : all) connection->Send(begin);
    return all;
  }
  static void SendAll(const Connections& all, std::string_view bytes) {
    for (const auto& connection : all) connection->Send(bytes);
  }

  const ContentPtr large_answer_ = Content::Make("text/plain", std::string(kLarge, 'x'));
  std::atomic<size_t> large_{0};  // answers begun
  ConnectionLimits limits_;
  std::shared_ptr<const TlsContext> tls_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(SlowPeers, BodiesHoldNoThreadAndAreAnsweredWhenTheyAreThere) {
  Start();
  const Connections lengths =
      Open(kSlow, "POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
  const Connections chunks = Open(kSlow, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  const Connections expecting =
      Open(kSlow, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  for (const auto& connection : expecting) EXPECT_EQ(connection->Receive().status, 100);
  EXPECT_EQ(Get(port(), "/").status, 200);
  for (const char c : std::string("hell")) {
    SendAll(lengths, std::string(1, c));
    SendAll(expecting, std::string(1, c));
    SendAll(chunks, StrCat("1\r\n", std::string(1, c), "\r\n"));
    EXPECT_EQ(Get(port(), "/").status, 200);
  }
  SendAll(lengths, "o");
  SendAll(expecting, "o");
  SendAll(chunks, "1\r\no\r\n0\r\n\r\n");
  for (const Connections* all : {&lengths, &chunks, &expecting}) {
    for (const auto& connection : *all) EXPECT_EQ(connection->Receive().body, "hello");
  }
  for (const auto& connection : lengths) EXPECT_TRUE(connection->ClosedByPeer());
  SendAll(chunks, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  for (const auto& connection : chunks) EXPECT_EQ(connection->Receive().status, 200);
}

TEST_F(SlowPeers, WhoDoesNotReadTheAnswerHoldsNoThread) {
  Start();
  const Connections slow = Open(kSlow, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(Get(port(), "/").status, 200);
  for (const auto& connection : slow) EXPECT_EQ(connection->Receive().body.size(), kLarge);
}

TEST_F(SlowPeers, WhoIsRefusedAndStaysHoldsNoThread) {
  Start();
  const Connections bad = Open(5 * kSlow, "no request\r\n\r\n");
  EXPECT_EQ(Get(port(), "/").status, 200);
  for (const auto& connection : bad) EXPECT_EQ(connection->Receive().status, 400);
}

TEST_F(SlowPeers, ABodyThatTricklesHasNoMoreTime) {
  limits_.body = std::chrono::milliseconds(300);
  Start();
  RawConnection connection(port());
  connection.Send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
  std::atomic<bool> over{false};
  std::thread trickle([&] {
    for (; !over; std::this_thread::sleep_for(std::chrono::milliseconds(20))) connection.Send("1\r\nx\r\n");
  });
  EXPECT_EQ(connection.Receive().status, 408);
  over = true;
  trickle.join();
}

TEST_F(SlowPeers, AStopRefusesWhatHasNotComeAndFinishesAnswers) {
  Start();
  const Connections silent = Open(kSlow, ""), heads = Open(kSlow, "GET / HT");
  const Connections bodies =
      Open(kSlow, "POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
  for (const auto& connection : bodies) ASSERT_EQ(connection->Receive().status, 100);
  // No more than there are threads: while the server stops, each is written on a thread of its own.
  const Connections reading = Open(kThreads, "GET /large HTTP/1.1\r\nHost: a\r\n\r\n");
  ASSERT_TRUE(test::Eventually([this] { return large_ == kThreads; }));
  std::thread stopping([this] { server_->Stop(); });
  for (const auto& connection : reading) EXPECT_EQ(connection->Receive().body.size(), kLarge);
  stopping.join();
  for (const auto& connection : silent) EXPECT_TRUE(connection->ClosedByPeer());
  for (const auto& connection : bodies) {
    EXPECT_EQ(connection->Receive().status, 503);
    EXPECT_TRUE(connection->ClosedByPeer());
  }
  for (const auto& connection : heads) {
    const int status = connection->Receive().status;
    EXPECT_TRUE(status == 503 || status == 0)
        << status << ": it may not have been noticed, and then has no answer";
  }
}

class SlowTlsPeers : public SlowPeers {
 protected:
  SlowTlsPeers() {
    const Instant now = Clock::WallTime();  // TLS has the real clock
    const PemPair ca = *MakeCa("test CA", now);
    const PemPair server = *MakeCertificate(ca, CertificateUse::kServer, {"localhost"}, now);
    const PemPair client = *MakeCertificate(ca, CertificateUse::kClient, {"client"}, now);
    options_.ca = files_.Write("ca.pem", ca.certificate);
    options_.certificate = files_.Write("client.pem", client.certificate);
    options_.key = files_.Write("client.key", client.key);
    tls_ = *TlsContext::Load({files_.Write("server.pem", server.certificate),
                              files_.Write("server.key", server.key), options_.ca});
  }
  void ExpectAnswer() const {
    const test::TlsAnswer answer = test::AskOverTls(port(), "/", options_);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.text.ends_with(" of a certificate")) << answer.text;
  }

  test::TempDir files_;
  test::TlsOptions options_;
};

// A record of 512 bytes that is a ClientHello, and not all of it.
constexpr std::string_view kBegunHello("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03zzz", 14);

TEST_F(SlowTlsPeers, HandshakesHoldNoThread) {
  Start();
  const Connections silent = Open(kSlow, ""), begun = Open(kSlow, kBegunHello);
  ExpectAnswer();
  SendAll(begun, "z");
  ExpectAnswer();
}

// Everything the client sends, from its first hello on, comes byte by byte.
TEST_F(SlowTlsPeers, AHandshakeThatTricklesComesToItsEnd) {
  Start();
  const test::TricklingProxy proxy(port());
  const Connections silent = Open(kSlow, "");
  for (const int version : {0, TLS1_2_VERSION}) {
    options_.max_version = version;
    const test::TlsAnswer answer = test::AskOverTls(proxy.port(), "/", options_);
    EXPECT_EQ(answer.status, 200) << version;
    EXPECT_TRUE(answer.text.ends_with(" of a certificate")) << answer.text;
  }
}

TEST_F(SlowTlsPeers, ALongAnswerComesWhole) {
  Start();
  const test::TlsAnswer answer = test::AskOverTls(port(), "/large", options_);
  ASSERT_EQ(answer.status, 200);
  EXPECT_EQ(answer.text.size() - answer.text.find("\r\n\r\n") - 4, kLarge);
}

TEST_F(SlowTlsPeers, AHandshakeHasSoMuchTime) {
  limits_.handshake = std::chrono::milliseconds(200);
  Start();
  const Connections silent = Open(1, ""), begun = Open(1, kBegunHello);
  EXPECT_TRUE(silent[0]->ClosedByPeer());
  EXPECT_TRUE(begun[0]->ClosedByPeer());
}

TEST_F(SlowTlsPeers, AStopEndsThem) {
  Start();
  const Connections silent = Open(kSlow, ""), begun = Open(kSlow, kBegunHello);
  ExpectAnswer();
  server_->Stop();
  for (const Connections* all : {&silent, &begun}) {
    for (const auto& connection : *all) EXPECT_TRUE(connection->ClosedByPeer());
  }
}

}  // namespace
}  // namespace thimble::http
