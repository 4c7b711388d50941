// SPDX-License-Identifier: Apache-2.0
//
// A server behind proxies that speak the PROXY protocol: whom it takes a request to be from, over plain HTTP and TLS, and
// how connections end that do not begin as they should.
#include "service/http/proxy_protocol.h"

#include <gtest/gtest.h>

#include "service/http/local_ca.h"
#include "service/http/server.h"
#include "service/support/clock.h"
#include "tcb/base/text.h"
#include "tests/service/testing/proxy_headers.h"
#include "tests/service/testing/raw_http.h"
#include "tests/service/testing/tls_client.h"
#include "tests/support/eventually.h"
#include "tests/support/temp_dir.h"

namespace thimble::http {
namespace {

using test::RawConnection;
using test::V2;

constexpr std::string_view kHeader1 = "PROXY TCP4 192.0.2.7 10.0.0.1 4711 443\r\n";
constexpr std::string_view kRequest = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

TrustedProxies Proxies(const char* network) { return {{*ProxyNetwork::Parse(network)}, {}}; }

class ProxyProtocolServer : public testing::Test {
 protected:
  // Every connection of a test is from 127.0.0.1.
  void Start(const char* trusted, bool expected = true) {
    protocol_ = std::make_unique<ProxyProtocol>(Proxies(trusted), expected);
    server_ = std::make_unique<HttpServer>(
        [](const Request& request) {
          return Response{
              .status = 200, .headers = {}, .content = Content::Make("text/plain", request.client)};
        },
        limits_, ConnectionRules{{}, protocol_.get()});
    server_->UseTls(tls_);
    ASSERT_TRUE(server_->StartTcp({"127.0.0.1", 0}).ok());
  }
  void UseTls() {
    const Instant now = Clock::WallTime();
    const PemPair ca = *MakeCa("test CA", now);
    const PemPair own = *MakeCertificate(ca, CertificateUse::kServer, {"localhost"}, now);
    options_.ca = files_.Write("ca.pem", ca.certificate);
    tls_ =
        *TlsContext::Load({files_.Write("own.pem", own.certificate), files_.Write("own.key", own.key), ""});
  }
  std::string ClientOf(std::string_view header) const {
    RawConnection connection(server_->port());
    connection.Send(StrCat(header, kRequest));
    return connection.Receive().body;
  }
  // The connection ends without an answer, and that is counted as this and nothing else.
  void ExpectRefused(std::string_view beginning, ProxyFault fault) const {
    const uint64_t before = protocol_->refused(fault);
    RawConnection connection(server_->port());
    connection.Send(beginning);
    EXPECT_TRUE(connection.ClosedByPeer()) << beginning;
    EXPECT_EQ(protocol_->refused(fault), before + 1) << beginning;
  }
  uint64_t AllRefused() const {
    uint64_t sum = 0;
    for (size_t fault = 0; fault < kProxyFaults; ++fault)
      sum += protocol_->refused(static_cast<ProxyFault>(fault));
    return sum;
  }

  test::TempDir files_;
  ConnectionLimits limits_;
  test::TlsOptions options_;
  std::shared_ptr<const TlsContext> tls_;
  std::unique_ptr<ProxyProtocol> protocol_;
  std::unique_ptr<HttpServer> server_;
};

TEST_F(ProxyProtocolServer, TakesTheProxysWordForItsClient) {
  Start("127.0.0.0/8");
  EXPECT_EQ(ClientOf(kHeader1), "192.0.2.7");
  EXPECT_EQ(ClientOf(V2({})), "192.0.2.7");
  EXPECT_EQ(ClientOf(V2({.family = 0x21, .block = test::Block::kTcp6})), "2001:db8::7");
  for (const std::string& own : {std::string("PROXY UNKNOWN\r\n"), V2({.command = 0x20}),
                                 V2({.family = 0x00, .block = test::Block::kNothing}),
                                 V2({.family = 0x31, .block = test::Block::kUnix})}) {
    EXPECT_EQ(ClientOf(own), "127.0.0.1");
  }
  EXPECT_EQ(AllRefused(), 0u);
}

TEST_F(ProxyProtocolServer, ServesManyRequestsBehindOneHeaderInWhateverPieces) {
  Start("127.0.0.1");
  RawConnection connection(server_->port());
  const std::string stream = StrCat(V2({}), kRequest, kRequest);
  for (const char c : stream) connection.Send(std::string(1, c));
  EXPECT_EQ(connection.Receive().body, "192.0.2.7");
  EXPECT_EQ(connection.Receive().body, "192.0.2.7");
}

TEST_F(ProxyProtocolServer, TakesTheHeaderBeforeTls) {
  UseTls();
  Start("127.0.0.1");
  for (const std::string& header : {std::string(kHeader1), V2({})}) {
    options_.before = header;
    const auto answer = AskOverTls(server_->port(), "/", options_);
    EXPECT_EQ(answer.status, 200);
    EXPECT_TRUE(answer.text.ends_with("192.0.2.7")) << answer.text;
  }
  options_.before = "";
  EXPECT_FALSE(AskOverTls(server_->port(), "/", options_).connected);
  EXPECT_EQ(protocol_->refused(ProxyFault::kMissing), 1u);
}

TEST_F(ProxyProtocolServer, EndsWhatBeginsOtherwiseAndSaysWhy) {
  Start("127.0.0.1");
  ExpectRefused(kRequest, ProxyFault::kMissing);
  ExpectRefused("PROXY TCP4 192.0.2.7 10.0.0.1 4711\r\n", ProxyFault::kMalformed);
  ExpectRefused(V2({.command = 0x22}), ProxyFault::kMalformed);
  ExpectRefused(StrCat("PROXY UNKNOWN ", std::string(200, 'x')), ProxyFault::kTooLong);
  ExpectRefused(V2({.extensions = std::string(5000, 'x')}), ProxyFault::kTooLong);
  EXPECT_EQ(AllRefused(), 5u);
}

TEST_F(ProxyProtocolServer, EndsWhatComesNotWholeOrNotInTime) {
  limits_.proxy_header = std::chrono::milliseconds(200);
  Start("127.0.0.1");
  ExpectRefused("PROXY TCP4 192.0.2.7", ProxyFault::kTimeout);
  ExpectRefused("", ProxyFault::kTimeout);
  {
    RawConnection cut(server_->port());
    cut.Send("PROXY TCP4 192.0.2.7");
  }
  EXPECT_TRUE(test::Eventually([this] { return protocol_->refused(ProxyFault::kIncomplete) == 1; }));
}

TEST_F(ProxyProtocolServer, APeerThatOnlyLooksIsNoFault) {
  Start("127.0.0.1");
  { RawConnection look(server_->port()); }
  EXPECT_EQ(ClientOf(kHeader1), "192.0.2.7");
  server_->Stop();
  EXPECT_EQ(AllRefused(), 0u);
}

TEST_F(ProxyProtocolServer, NobodyElseMaySendOne) {
  Start("10.0.0.1");
  EXPECT_EQ(ClientOf(""), "127.0.0.1");
  ExpectRefused(StrCat(kHeader1, kRequest), ProxyFault::kNotTrusted);
  ExpectRefused(StrCat(V2({}), kRequest), ProxyFault::kNotTrusted);
  EXPECT_EQ(ClientOf(""), "127.0.0.1");
  EXPECT_EQ(AllRefused(), 2u);
}

TEST_F(ProxyProtocolServer, WhereNoneIsExpectedItIsNoRequest) {
  Start("127.0.0.1", false);
  EXPECT_EQ(ClientOf(""), "127.0.0.1");
  for (const std::string& header : {std::string(kHeader1), V2({})}) {
    RawConnection connection(server_->port());
    connection.Send(StrCat(header, kRequest));
    EXPECT_EQ(connection.Receive().status, 400);
  }
}

TEST_F(ProxyProtocolServer, LimitsTheConnectionsOfAClientAndNotOfItsProxy) {
  limits_.max_per_address = 1;
  Start("127.0.0.1");
  const auto ask = [](RawConnection& connection, std::string_view client) {
    connection.Send(StrCat("PROXY TCP4 ", client, " 10.0.0.1 4711 443\r\n", kRequest));
    return connection.Receive().status;
  };
  RawConnection first(server_->port()), second(server_->port()), other(server_->port());
  EXPECT_EQ(ask(first, "192.0.2.7"), 200);
  EXPECT_EQ(ask(second, "192.0.2.7"), 503);
  EXPECT_EQ(ask(other, "192.0.2.8"), 200);
}

TEST_F(ProxyProtocolServer, CountsByReasonInTheMetrics) {
  Start("10.0.0.1");
  ExpectRefused(kHeader1, ProxyFault::kNotTrusted);
  PrometheusText out;
  protocol_->Write(out);
  const std::string text = out.Take();
  EXPECT_NE(text.find("thimble_proxy_headers_refused_total{reason=\"not_trusted\"} 1\n"), std::string::npos)
      << text;
  EXPECT_NE(text.find("thimble_proxy_headers_refused_total{reason=\"missing\"} 0\n"), std::string::npos);
}

}  // namespace
}  // namespace thimble::http
