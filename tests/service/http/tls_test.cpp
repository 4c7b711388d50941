// SPDX-License-Identifier: Apache-2.0
//
// HTTPS as it is configured: what `thimble init` makes is what clients trust; a bad pair is refused.
#include "service/http/tls.h"

#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "service/http/local_ca.h"
#include "tcb/base/text.h"
#include "tcb/pki/pem.h"
#include "tests/service/testing/tls_client.h"
#include "tests/service/testing/world.h"
#include "tests/support/eventually.h"

namespace thimble {
namespace {

using test::AskOverTls;
using test::RawConnection;
using test::TlsAnswer;
using test::World;

class Tls : public testing::Test {
 protected:
  Tls() {
    const Instant now = Clock::WallTime();  // TLS has the real clock
    ca_ = *MakeCa("test CA", now);
    WriteServer(*MakeCertificate(ca_, CertificateUse::kServer, {"localhost", "127.0.0.1"}, now));
    client_ = *MakeCertificate(ca_, CertificateUse::kClient, {"client"}, now);
    options_.ca = w_.files.Write("ca.pem", ca_.certificate);
    w_.config.server.tls_certificate = w_.files / "server.pem";
    w_.config.server.tls_key = w_.files / "server.key";
  }
  void WriteServer(const PemPair& pair) {
    w_.files.Write("server.pem", pair.certificate);
    w_.files.Write("server.key", pair.key);
  }
  static Digest256 DigestOf(const PemPair& pair) {
    return Sha256(DecodePem(pair.certificate, "CERTIFICATE", 1, Check::kRequest)->at(0));
  }

  World w_;
  PemPair ca_, client_;
  test::TlsOptions options_;
};

TEST_F(Tls, ServesWhatItsCaVouchesFor) {
  w_.Start();
  const TlsAnswer answer = AskOverTls(w_.port(), "/healthz", options_);
  ASSERT_TRUE(answer.connected);
  EXPECT_EQ(answer.version, "TLSv1.3");
  EXPECT_EQ(answer.status, 200);
  test::TlsOptions stranger;
  stranger.ca = w_.files.Write("other.pem", MakeCa("test CA", Clock::WallTime())->certificate);
  EXPECT_FALSE(AskOverTls(w_.port(), "/healthz", stranger).connected) << "another CA of the same name";
}

// Who forgets the s is told so, and not cut off.
TEST_F(Tls, TellsPlainHttpWhatThisPortSpeaks) {
  w_.Start();
  const test::RawAnswer answer = test::Get(w_.port(), "/healthz");
  EXPECT_EQ(answer.status, 400);
  EXPECT_NE(answer.body.find("https://"), std::string::npos) << answer.body;
  test::TlsOptions stranger;
  stranger.ca = w_.files.Write("other.pem", MakeCa("another CA", Clock::WallTime())->certificate);
  EXPECT_FALSE(AskOverTls(w_.port(), "/healthz", stranger).connected);
  http::Request request;
  request.method = "GET";
  request.path = "/metrics";
  const auto say = [&](std::string_view line) {
    return w_.app->Handle(request).content->body().find(line) != std::string::npos;
  };
  EXPECT_TRUE(say("thimble_plain_http_on_tls_total 1\n"));
  EXPECT_TRUE(test::Eventually([&] { return say("thimble_tls_handshakes_failed_total 2\n"); }))
      << "an alert of a client that does not trust us is a failure, too";
  EXPECT_TRUE(say("thimble_certificate_end_timestamp_seconds "));
}

TEST_F(Tls, SpeaksNothingOlderThan12) {
  w_.Start();
  options_.max_version = TLS1_2_VERSION;
  EXPECT_EQ(AskOverTls(w_.port(), "/healthz", options_).version, "TLSv1.2");
  options_.max_version = TLS1_1_VERSION;
  EXPECT_FALSE(AskOverTls(w_.port(), "/healthz", options_).connected);
}

TEST_F(Tls, SpeaksAuthenticatedEncryptionAloneIn12) {
  w_.Start();
  options_.max_version = TLS1_2_VERSION;
  for (const char* const good :
       {"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-ECDSA-CHACHA20-POLY1305"}) {
    options_.ciphers = good;
    EXPECT_TRUE(AskOverTls(w_.port(), "/healthz", options_).connected) << good;
  }
  for (const char* const other : {"ECDHE-ECDSA-AES128-SHA256", "ECDHE-ECDSA-AES256-SHA384",
                                  "ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES128-CCM"}) {
    options_.ciphers = other;
    EXPECT_FALSE(AskOverTls(w_.port(), "/healthz", options_).connected) << other;
  }
}

TEST_F(Tls, DoesNotAnswerPlainHttp) {
  w_.Start();
  RawConnection plain(w_.port());
  plain.Send("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_NE(plain.Receive().status, 200);
}

TEST_F(Tls, ClientCertificatesHaveRoles) {
  w_.config.server.client_ca = options_.ca;
  w_.config.roles = {{.role = Role::kRead, .token_sha512 = {}, .client_sha256 = DigestOf(client_)}};
  w_.Start();
  EXPECT_EQ(AskOverTls(w_.port(), "/v1/status", options_).status, 401) << "without one";
  EXPECT_EQ(AskOverTls(w_.port(), "/healthz", options_).status, 200) << "needs no role";
  options_.certificate = w_.files.Write("client.pem", client_.certificate);
  options_.key = w_.files.Write("client.key", client_.key);
  EXPECT_EQ(AskOverTls(w_.port(), "/v1/status", options_).status, 200);
  const PemPair other = *MakeCertificate(ca_, CertificateUse::kClient, {"other"}, Clock::WallTime());
  options_.certificate = w_.files.Write("client.pem", other.certificate);
  options_.key = w_.files.Write("client.key", other.key);
  EXPECT_EQ(AskOverTls(w_.port(), "/v1/status", options_).status, 401) << "another of the same CA";
  const PemPair foreign_ca = *MakeCa("test CA", Clock::WallTime());
  const PemPair foreign =
      *MakeCertificate(foreign_ca, CertificateUse::kClient, {"client"}, Clock::WallTime());
  options_.certificate = w_.files.Write("client.pem", foreign.certificate);
  options_.key = w_.files.Write("client.key", foreign.key);
  EXPECT_NE(AskOverTls(w_.port(), "/v1/status", options_).status, 200) << "of another CA";
}

// A ticket saves the handshake's signature; who has shown a certificate is known by it, and it ends with the certificates
// of the server's configuration.
TEST_F(Tls, ResumesSessionsUntilItsCertificatesAreReplaced) {
  w_.config.server.client_ca = options_.ca;
  w_.config.roles = {{.role = Role::kRead, .token_sha512 = {}, .client_sha256 = DigestOf(client_)}};
  w_.Start();
  options_.certificate = w_.files.Write("client.pem", client_.certificate);
  options_.key = w_.files.Write("client.key", client_.key);
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    options_.max_version = version;
    options_.session = "";
    const TlsAnswer first = AskOverTls(w_.port(), "/v1/status", options_);
    EXPECT_FALSE(first.resumed);
    options_.session = first.session;
    const TlsAnswer again = AskOverTls(w_.port(), "/v1/status", options_);
    EXPECT_TRUE(again.resumed) << again.version;
    EXPECT_EQ(again.status, 200) << "by the certificate that it has shown before";
  }
  ASSERT_TRUE(w_.app->Reload(w_.config).ok());
  const TlsAnswer after = AskOverTls(w_.port(), "/v1/status", options_);
  EXPECT_TRUE(after.connected);
  EXPECT_FALSE(after.resumed);
  EXPECT_EQ(after.status, 200);
}

TEST_F(Tls, RefusesFilesThatDoNotFit) {
  const auto load = [&] {
    return http::TlsContext::Load({w_.files / "server.pem", w_.files / "server.key", ""});
  };
  ASSERT_TRUE(load().ok());
  const PemPair other = *MakeCertificate(ca_, CertificateUse::kServer, {"localhost"}, Clock::WallTime());
  w_.files.Write("server.key", other.key);
  EXPECT_FALSE(load().ok()) << "the key of another certificate";
  w_.files.Write("server.key", "no key");
  EXPECT_FALSE(load().ok());
  WriteServer(*MakeCertificate(ca_, CertificateUse::kServer, {"localhost"},
                               Clock::WallTime() - Seconds(500 * 24 * 3600)));
  const auto expired = load();
  ASSERT_FALSE(expired.ok());
  EXPECT_NE(expired.error().message.find("expired"), std::string::npos) << expired.error().message;
}

TEST(LocalCa, MakesCertificatesForHostsAlone) {
  const PemPair ca = *MakeCa("CA", Clock::WallTime());
  for (const char* bad : {"", "a,DNS:b", "a b", "a\n", "*.example"}) {
    const auto made = MakeCertificate(ca, CertificateUse::kServer, {bad}, Clock::WallTime());
    EXPECT_FALSE(made.ok()) << bad;
  }
  EXPECT_TRUE(MakeCertificate(ca, CertificateUse::kServer, {"host.example", "192.0.2.1", "2001:db8::1"},
                              Clock::WallTime())
                  .ok());
  EXPECT_FALSE(
      MakeCertificate({ca.certificate, "no key"}, CertificateUse::kServer, {"a"}, Clock::WallTime()).ok());
  EXPECT_NE(RandomToken(), RandomToken());
  EXPECT_EQ(RandomToken().size(), 64u);
}

}  // namespace
}  // namespace thimble
